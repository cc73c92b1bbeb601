"""Many records at once: batches filled here and handed over whole, one answer for each instead of one for every record."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Row = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]
"""Key, value and headers of a record."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch on its way: `done` tells where it begins, `times` are its records' own times in milliseconds, in their order."""

    done: asyncio.Future[Any]
    times: list[int]


async def send(producer: Any, topic: str, partition: int, rows: Iterable[Row]) -> list[Sent]:
    """Hand rows of one partition to an aiokafka producer, in their order, in as few batches as its `max_batch_size` allows.

    Raises:
        KafkaError: the producer is closed, or has no room within a request's time-out.
    """
    sent: list[Sent] = []
    batch, times = producer.create_batch(), list[int]()
    for key, value, headers in rows:
        # A full batch takes no more and says so by None; an empty one takes a record of any size.
        taken = batch.append(timestamp=None, key=key, value=value, headers=headers)
        if taken is None:
            sent.append(Sent(await producer.send_batch(batch, topic, partition=partition), times))
            batch, times = producer.create_batch(), list[int]()
            taken = batch.append(timestamp=None, key=key, value=value, headers=headers)
        times.append(taken.timestamp)
    if times:
        sent.append(Sent(await producer.send_batch(batch, topic, partition=partition), times))
    return sent
