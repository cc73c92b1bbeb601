"""Time on a real broker: days missed, a sweep killed in its midst again and again, and every step told once."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bus.fleet import Fleet, read_all
from bus.penalties import CODEC, penalty
from databus.bus.address import BusAddress
from databus.bus.journal import Journal
from databus.contract import wire
from databus.model import keys
from databus.model.change import Change, Kind
from databus.model.clock import Release, Tick, start_of
from databus.model.labels import Standing

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]
FIRST, ENDS, LAST = date(2027, 5, 8), date(2027, 5, 11), date(2027, 5, 12)
SUBJECTS, RECORDS, PARTITIONS = 40, 8, 12


def number(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


async def told(address: BusAddress, topic: str) -> tuple[list[Change], dict[int, list[Tick | Release]]]:
    """The steps, and per partition the days and releases, as they lie in a topic."""
    steps, days = list[Change](), defaultdict[int, list[Tick | Release]](list)
    for record in await read_all(address, topic):
        said = wire.decode_time(CODEC, record.value or b"")
        if said is not None:
            assert said.partition == record.partition
            days[record.partition].append(said)
        elif topic == "changes":
            steps.append(wire.decode_change(CODEC, record.value or b""))
    return steps, days


async def until(address: BusAddress, fleet: Fleet, day: date, step: Callable[[], None] = lambda: None) -> None:
    deadline = time.monotonic() + 240
    while True:
        _, days = await told(address, "changes")
        if len(days) == PARTITIONS and all(part[-1] == Tick(number(day), at) for at, part in days.items()):
            return
        assert time.monotonic() < deadline, fleet.log.read_text()[-4000:]
        for _ in range(3):
            step()
            await asyncio.sleep(0.1)


async def test_a_sweep_killed_in_its_midst_doubles_nothing_and_loses_nothing(as_user: As, tmp_path: Path) -> None:
    admin, profiler = as_user("admin"), as_user("profiler")
    subjects = [keys.organisation_key(f"sweep-{at}") for at in range(SUBJECTS)]
    async with Journal(profiler) as journal:
        for subject in subjects:
            for name in range(RECORDS):
                key, value = penalty(subject, name)
                await journal.append("events", key, value, route=subject.encode())
    fleet = Fleet(profiler, tmp_path / "workers.log", {"NOW": str(start_of(number(FIRST))), "SLICE": "4"}, script="sweeping.py")
    try:
        fleet.start(2)
        await until(admin, fleet, FIRST)
        fleet.stop()
        fleet.settings["NOW"] = str(start_of(number(LAST)))
        fleet.start(2)
        killed, seen = 0, len(fleet.log.read_text())

        def step() -> None:
            nonlocal killed, seen
            log = fleet.log.read_text()
            if killed < 3 and log.count("owed", seen) > 16:
                fleet.kill(fleet.workers[0])
                fleet.start()
                killed, seen = killed + 1, len(log)
            fleet.tend()

        await until(admin, fleet, LAST, step)
    finally:
        fleet.stop()
    assert killed

    steps, applied = await told(admin, "changes")
    versions = defaultdict[str, list[int | None]](list)
    ended = defaultdict[tuple[str, str], list[tuple[Kind, Standing, int]]](list)
    for one in steps:
        versions[one.subject_key].append(one.pv)
        if not one.submission_id:
            ended[one.subject_key, one.record_key].append((one.kind, one.standing, one.known_at))
    assert versions == {subject: list(range(1, 2 * RECORDS + 1)) for subject in subjects}
    once = [(Kind.ENDED, Standing.HIDDEN, start_of(number(ENDS)))]
    assert ended == {(subject, f"ADMIN_PENALTY|{name}"): once for subject in subjects for name in range(RECORDS)}

    _, written = await told(admin, "events")
    for at in range(PARTITIONS):
        release, *days = written[at]
        assert isinstance(release, Release)
        first = days[0]
        assert isinstance(first, Tick)
        assert days == [Tick(day, at) for day in range(first.day, number(LAST) + 1)]
        reached = [one.day for one in applied[at] if isinstance(one, Tick)]
        assert reached == sorted(set(reached))
