"""A worker in the process of the test, and how to wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from databus.bus import driver
from databus.bus.address import BusAddress
from databus.model.chunk import Processor

PATIENCE_SECONDS = 240.0


@dataclass
class Running:
    """A worker of `group` in this process; `recovering` is called before it reads any register."""

    address: BusAddress
    processor: Processor
    group: str = "profiler"
    topics: Sequence[str] = ("events",)
    silence_seconds: float = 60.0
    roll_seconds: float = 3600.0
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    recoveries: list[tuple[int, int]] = field(default_factory=list)
    taken: int = 0
    recovering: Callable[[], None] = lambda: None

    async def work(self) -> int:
        def on_chunk(count: int, lag: float) -> None:
            self.taken += count

        def on_recovery(done: int, total: int) -> None:
            self.recoveries.append((done, total))
            if done == 0:
                self.recovering()

        stateful = self.group == "profiler"
        return await driver.work(
            self.address,
            group=self.group,
            topics=self.topics,
            processor=self.processor,
            registers="registers" if stateful else None,
            transactional_id=lambda number: f"profiler-{number}" if stateful else "checker-slot-0",
            stop=self.stop,
            beat=lambda: None,
            on_chunk=on_chunk,
            on_recovery=on_recovery,
            session_seconds=2.0,
            silence_seconds=self.silence_seconds,
            roll_seconds=self.roll_seconds,
        )

    async def until(self, true: Callable[[], Awaitable[bool]]) -> int:
        """Work until that is so, or the worker ends by itself; the exit code."""
        async with self.started() as working:
            await eventually(lambda: _either(working, true))
        return working.result()

    @asynccontextmanager
    async def started(self) -> AsyncIterator[asyncio.Task[int]]:
        working = asyncio.create_task(self.work())
        try:
            yield working
        finally:
            self.stop.set()
            await working


async def eventually(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await true():  # noqa: ASYNC110 - nobody can tell us
            await asyncio.sleep(0.1)


async def _either(working: asyncio.Task[int], true: Callable[[], Awaitable[bool]]) -> bool:
    return working.done() or await true()
