"""Exactly once in effect on a real broker: killed, raising and frozen; judged by an oracle outside the system."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bus.fleet import Fleet, drained, feed, require_exactly_once
from databus.bus.address import BusAddress

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]
COUNT = 3000


@asynccontextmanager
async def fleet_of(as_user: As, tmp_path: Path, **settings: str) -> AsyncIterator[Fleet]:
    fleet = Fleet(as_user("profiler"), tmp_path / "workers.log", {"SESSION": "2", "SLOW": "0.03", **settings})
    try:
        yield fleet
    finally:
        fleet.stop()


async def test_a_worker_counts_all_and_stops_cleanly(as_user: As, tmp_path: Path) -> None:
    sent = await feed(as_user("profiler"), COUNT)
    async with fleet_of(as_user, tmp_path, SLOW="0") as fleet:
        fleet.start()
        await drained(as_user("profiler"), fleet, seconds=240, step=lambda: None)
        assert fleet.stop() == [0]
    await require_exactly_once(as_user("admin"), sent)


async def test_a_processor_that_raises_ends_the_process_and_loses_nothing(as_user: As, tmp_path: Path) -> None:
    sent = await feed(as_user("profiler"), COUNT)
    async with fleet_of(as_user, tmp_path, RAISES_AT="15", SLOW="0") as fleet:
        fleet.start()
        await drained(as_user("profiler"), fleet, seconds=240, step=fleet.tend)
    assert fleet.codes
    assert set(fleet.codes) == {1}
    await require_exactly_once(as_user("admin"), sent)


async def test_killed_again_and_again(as_user: As, tmp_path: Path) -> None:
    sent, choose = await feed(as_user("profiler"), COUNT), random.Random(3)
    async with fleet_of(as_user, tmp_path) as fleet:
        fleet.start(2)
        due, left = time.monotonic() + 3.0, 4

        def step() -> None:
            nonlocal due, left
            if left and time.monotonic() > due:
                fleet.kill(choose.choice(fleet.workers))
                fleet.start()
                due, left = time.monotonic() + choose.uniform(1.5, 3.0), left - 1
            fleet.tend()

        await drained(as_user("profiler"), fleet, seconds=240, step=step)
    await require_exactly_once(as_user("admin"), sent)


async def test_a_frozen_worker_wakes_as_nobody(as_user: As, tmp_path: Path) -> None:
    sent = await feed(as_user("profiler"), COUNT)
    async with fleet_of(as_user, tmp_path, SLOW="0.06") as fleet:
        fleet.start(2)
        begun, phase = time.monotonic(), 0

        def step() -> None:
            nonlocal phase
            if phase == 0 and time.monotonic() > begun + 3.5:
                fleet.workers[0].send_signal(signal.SIGSTOP)
                phase = 1
            elif phase == 1 and time.monotonic() > begun + 8.5:
                fleet.workers[0].send_signal(signal.SIGCONT)
                phase = 2
            fleet.tend()

        await drained(as_user("profiler"), fleet, seconds=240, step=step)
        while phase < 2:
            step()
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)
    await require_exactly_once(as_user("admin"), sent)
