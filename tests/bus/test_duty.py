"""What the owner of a partition writes into it by itself: one copy of each, in order, whoever owns it when."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bus.fleet import Fleet, drained, feed, read_all
from databus.bus.address import BusAddress
from databus.bus.topics import table
from databus.model import keys

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]
COUNT, OWED = 600, 10
PARTITIONS = next(topic.partitions for topic in table(()) if topic.name == "events")


async def written(address: BusAddress) -> dict[int, list[str]]:
    """What lies in each partition of `events` that its owner wrote."""
    found: dict[int, list[str]] = {number: [] for number in range(PARTITIONS)}
    for record in await read_all(address, "events"):
        if (record.key or b"").startswith(b"own"):
            found[record.partition].append((record.value or b"").decode())
    return found


async def require_one_copy_each(address: BusAddress) -> None:
    expected = {number: [f"own{number}/{at}" for at in range(1, OWED + 1)] for number in range(PARTITIONS)}
    assert await written(address) == expected
    changes = [json.loads(record.value or b"") for record in await read_all(address, "changes")]
    mine = [change for change in changes if change[0].startswith("own")]
    assert sorted(mine) == sorted([f"own{number}", at, f"own{number}/{at}"] for number in range(PARTITIONS) for at in range(1, OWED + 1))
    ids = [change[2] for change in changes if change not in mine]
    assert sorted(ids) == sorted(f"id{number}" for number in range(COUNT))
    last = {record.key: record.value for record in await read_all(address, "registers")}
    assert {last[keys.pack(str(number), "owed")] for number in range(PARTITIONS)} == {str(OWED).encode()}


async def complete(address: BusAddress, fleet: Fleet, step: Callable[[], None]) -> None:
    deadline = time.monotonic() + 240
    while sum(map(len, (await written(address)).values())) < PARTITIONS * OWED:
        assert time.monotonic() < deadline, fleet.log.read_text()[-4000:]
        for _ in range(5):
            step()
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_whoever_dies_the_owner_writes_each_record_once(as_user: As, tmp_path: Path, how: str) -> None:
    admin, profiler, choose = as_user("admin"), as_user("profiler"), random.Random(7)
    await feed(profiler, COUNT)
    fleet = Fleet(profiler, tmp_path / "workers.log", {"SESSION": "2", "SLOW": "0.02", "OWED": str(OWED)})
    fleet.start(2)
    due, left, frozen = time.monotonic() + 3.0, 2, False

    def step() -> None:
        nonlocal due, left, frozen
        if (left or frozen) and time.monotonic() > due:
            if how == "killed":
                fleet.kill(choose.choice(fleet.workers))
                fleet.start()
                left -= 1
            else:
                fleet.workers[0].send_signal(signal.SIGCONT if frozen else signal.SIGSTOP)
                frozen, left = not frozen, left - (not frozen)
            due = time.monotonic() + (4.0 if frozen else choose.uniform(1.5, 3.0))
        fleet.tend()

    try:
        await complete(admin, fleet, step)
        await drained(profiler, fleet, seconds=240, step=step)
    finally:
        fleet.stop()
    await require_one_copy_each(admin)
