"""State that the broker has compacted under a worker is the same state."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import count as counting
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from bus.fleet import Fleet, drained, feed, read_all, require_exactly_once
from databus.bus.address import BusAddress
from databus.bus.journal import Journal
from databus.bus.recovery import recover
from databus.bus.topics import REGISTERS
from databus.model import keys
from databus.model.chunk import Record

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]
COUNT = 2000
PATIENCE_SECONDS = 240.0
_AGAIN = 30
"""Seconds after which a segment that is still not compacted is closed once more."""

# A closed segment after 100 ms, cleaned as soon as the cleaner looks, and no mercy for tombstones.
EAGER = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0.001", "max.compaction.lag.ms": "1", "delete.retention.ms": "0"}


async def compacted(admin: BusAddress, profiler: BusAddress) -> tuple[list[Record], list[Record]]:
    """Have the registers compacted, and wait for it: the records before and after."""
    before = await read_all(admin, REGISTERS)
    with closing(KafkaAdminClient(**admin.kafka_python())) as client:
        client.alter_configs([ConfigResource("TOPIC", admin.topic(REGISTERS), EAGER)])
    last = {(record.partition, record.key): record for record in before}
    await asyncio.sleep(0.3)
    own, seconds, after = Counter(partition for partition, _ in last), counting(), before
    async with asyncio.timeout(PATIENCE_SECONDS), Journal(profiler) as journal:
        while left := _uncompacted(after, own):
            # Only what lies in a closed segment is cleaned, and a segment is closed by the next record, if the broker has heard of its
            # new settings by then: one that says nothing new.
            for number in left if next(seconds) % _AGAIN == 0 else ():
                record = next(one for one in last.values() if one.partition == number)
                await journal.append(REGISTERS, record.key, record.value, route=keys.unpack(record.key or b"")[0].encode())
            await asyncio.sleep(1.0)
            after = await read_all(admin, REGISTERS)
    return before, after


def _uncompacted(records: Sequence[Record], own: Counter[int]) -> set[int]:
    """The partitions that hold more than one record of each register and the one that closed the segment."""
    found = Counter(record.partition for record in records)
    return {number for number in own if found[number] > own[number] + 1}


async def test_recovery_of_a_compacted_topic(as_user: As, tmp_path: Path) -> None:
    admin, profiler = as_user("admin"), as_user("profiler")
    fleet = Fleet(profiler, tmp_path / "workers.log", {"SESSION": "2", "SLOW": "0"})
    try:
        sent = await feed(profiler, COUNT)
        fleet.start()
        await drained(profiler, fleet, seconds=240, step=lambda: None)
        fleet.stop()
        plain = await recover(profiler, REGISTERS, range(12), wanted=lambda: True, beat=lambda: None)
        before, after = await compacted(admin, profiler)
        assert len(after) < len(before) / 2
        found = await recover(profiler, REGISTERS, range(12), wanted=lambda: True, beat=lambda: None)
        assert plain is not None and found is not None
        assert {number: dict(state.groups()) for number, state in found.items()} == {
            number: dict(state.groups()) for number, state in plain.items()
        }
        # The numbers of a worker that begins on it go on where they stood.
        more = await feed(profiler, COUNT // 4, seed=2, first=COUNT)
        fleet.start()
        await drained(profiler, fleet, seconds=240, step=lambda: None)
    finally:
        fleet.stop()
    await require_exactly_once(admin, Counter(sent) + Counter(more))
