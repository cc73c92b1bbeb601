"""Outputs, registers and the input's offset in one Kafka transaction."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from databus.bus.address import BusAddress
from databus.bus.batches import Row, send
from databus.bus.ledger import Place
from databus.bus.partition import partition
from databus.bus.topics import RECORD_BYTES
from databus.model.chunk import Headers, Output

log = logging.getLogger(__name__)
_STOP_SECONDS = 1.5
Offsets = Mapping[Place, tuple[int, str]]
"""The next offset of each partition of the input, and what is noted beside it."""


class Writer:
    """One transactional producer. Starting it fences whoever held its id before and ends that one's open transaction."""

    def __init__(self, address: BusAddress, transactional_id: str, *, timeout_seconds: float) -> None:
        self._address = address
        self._seconds = timeout_seconds
        self._counts: dict[str, int] = {}
        # Two tasks may write: the chunk at hand and the marker behind a truncation.
        self._turn = asyncio.Lock()
        self._taken = (-1, -1)
        self._producer: Any = AIOKafkaProducer(
            **{**address.client(), "request_timeout_ms": int(min(timeout_seconds, 20.0) * 1000)},
            transactional_id=address.topic(transactional_id),
            transaction_timeout_ms=int(timeout_seconds * 1000),
            acks="all",
            linger_ms=0,
            max_batch_size=512 * 1024,
            max_request_size=RECORD_BYTES + 64 * 1024,
        )

    async def start(self) -> None:
        """Take the id."""
        await self._producer.start()
        taken = self._producer._txn_manager
        self._taken = taken.producer_id, taken.producer_epoch

    def follows(self, before: Writer | None) -> bool:
        """True if this one took the id directly after `before` had it: nobody has written under it in between.

        The broker counts who takes an id, and whom it fences itself, in the producer's epoch.
        """
        return before is not None and self._taken == (before._taken[0], before._taken[1] + 1)

    async def stop(self) -> None:
        """Let go. A transaction cut short is aborted by the next holder of the id, or by the broker's time-out."""
        try:
            await asyncio.wait_for(self._producer.stop(), _STOP_SECONDS)
        except Exception as error:  # noqa: BLE001
            # aiokafka re-raises here what ended its sender; the one who wrote has been told already.
            log.info("the producer ended with %r", error)

    async def commit(
        self,
        *,
        group: str,
        offsets: Offsets,
        outputs: Iterable[Output] = (),
        registers: Mapping[Place, Mapping[bytes, bytes | None]] | None = None,
        markers: Mapping[Place, Headers] | None = None,
    ) -> None:
        """All of it or nothing. `offsets` are (next offset, metadata); an output without key or route goes where an empty key does.

        Raises:
            TimeoutError: the broker did not take it in time.
            KafkaError: it refused, as it does when another process has taken over the id.
        """
        async with self._turn, asyncio.timeout(self._seconds):
            await self._producer.begin_transaction()
            rows = await self._rows(outputs)
            for place, values in (registers or {}).items():
                rows[place] += [(key, value, []) for key, value in values.items()]
            for place, headers in (markers or {}).items():
                rows[place].append((None, None, list(headers)))
            sent = [one.done for place, part in rows.items() for one in await send(self._producer, place.topic, place.partition, part)]
            await asyncio.gather(*sent)
            structured = {TopicPartition(*place): OffsetAndMetadata(at, metadata) for place, (at, metadata) in offsets.items()}
            await self._producer.send_offsets_to_transaction(structured, group)
            await self._producer.commit_transaction()

    async def _rows(self, outputs: Iterable[Output]) -> defaultdict[Place, list[Row]]:
        rows: defaultdict[Place, list[Row]] = defaultdict(list)
        for output in outputs:
            topic = self._address.topic(output.topic)
            count = self._counts.get(topic)
            if count is None:
                count = self._counts[topic] = len(await self._producer.partitions_for(topic))
            route = output.route if output.route is not None else output.key
            number = output.partition if output.partition is not None else partition(route or b"", count)
            rows[Place(topic, number)].append((output.key, output.value, list(output.headers)))
        return rows
