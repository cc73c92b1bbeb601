"""The driver's round about once a second: it goes on for months and must leave nothing behind."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from mode import Service

from databus.bus import driver

ROUNDS = 200


class Idle:
    """A worker with nothing to commit, which ends the wait after some rounds; `more` keeps it from sleeping in between."""

    failed = False

    def __init__(self, stop: asyncio.Event) -> None:
        self.app: Any = Service()
        self.stop, self.rounds, self.tasks = stop, 0, list[int]()

    @property
    def heard(self) -> float:
        return time.monotonic()

    async def close_segments(self) -> None:
        self.rounds += 1

    async def attend(self) -> bool:
        self.tasks.append(len(asyncio.all_tasks()))
        if self.rounds >= ROUNDS:
            self.stop.set()
        return True


async def test_waiting_leaves_no_tasks_behind() -> None:
    stop = asyncio.Event()
    idle = Idle(stop)
    worker: Any = idle
    await driver._until(stop, worker, 60.0)
    assert idle.rounds == ROUNDS
    assert max(idle.tasks) < 10
