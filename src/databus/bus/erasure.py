"""Looking through `events` by key, and taking records out of it for good: a tombstone, and compaction does the rest.

A tombstone or a smaller value under the same key is what the log offers: the old value leaves the disk when its segment is
cleaned, within `max.compaction.lag.ms` and the `segment.ms` of the partition (design 6: within two days).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from databus.bus.address import BusAddress
from databus.bus.follow import Positions
from databus.bus.through import through
from databus.bus.topics import EVENTS, RECORD_BYTES
from databus.errors import BusUnavailable
from databus.model import keys
from databus.model.chunk import Record

_PARTS = 2
_AT_ONCE = 500
Progress = Callable[[int, int], None]
"""Told (offsets looked at, offsets in all)."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One record of `events` to be replaced; `value` None removes it. `partition` is where it lies."""

    partition: int
    key: bytes
    value: bytes | None


async def scan(
    address: BusAddress, *, wanted: Collection[bytes], until: Mapping[int, int], progress: Progress = lambda done, all: None
) -> dict[bytes, list[Record]]:
    """The records of `events` whose key begins with these two packed parts (subject, record), the last of each key, by those parts.

    Only those first seen at or below the offset `until` names for their partition; none of a partition it does not name.

    Raises:
        BusUnavailable: the broker does not answer.
        Misconfigured: this user may not read `events`.
    """
    found: dict[bytes, dict[bytes, Record]] = {}

    def moved(at: Positions, goal: Positions) -> None:
        progress(sum(min(at[one], end) for one, end in goal.items()), sum(goal.values()))

    async for records in through(address, [EVENTS], moved=moved):
        for record in records:
            prefix = keys.prefix(record.key or b"", _PARTS)
            if record.key and prefix in wanted:
                _take(found.setdefault(prefix, {}), record, judged=record.offset <= until.get(record.partition, -1))
    return {prefix: list(kept.values()) for prefix, kept in found.items()}


def _take(kept: dict[bytes, Record], record: Record, *, judged: bool) -> None:
    # What replaces or removes a record counts wherever it lies: most often it is what an earlier run wrote.
    key = record.key or b""
    known = kept.pop(key, None)
    if record.value is not None and (judged or known is not None):
        kept[key] = record


async def rewrite(address: BusAddress, rewrites: Iterable[Rewrite]) -> int:
    """Write the replacements; durable when this returns. How many there were. Safe to repeat.

    Raises:
        BusUnavailable: not all of them are known to be durable.
    """
    producer: Any = AIOKafkaProducer(
        **address.client(), acks="all", enable_idempotence=True, linger_ms=5, max_request_size=RECORD_BYTES + 64 * 1024
    )
    count, topic = 0, address.topic(EVENTS)
    try:
        await producer.start()
        sent: list[Any] = []
        for one in rewrites:
            sent.append(await producer.send(topic, one.value, key=one.key, partition=one.partition))
            count += 1
            if len(sent) >= _AT_ONCE:
                await asyncio.gather(*sent)
                sent.clear()
        await asyncio.gather(*sent)
    except (KafkaError, OSError) as error:
        raise BusUnavailable(f"not everything is known to be erased: {type(error).__name__}", topic=EVENTS) from error
    finally:
        await producer.stop()
    return count
