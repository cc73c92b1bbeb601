"""A Faust worker as a process: the batch driver, its health page, one stop for both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from databus.bootstrap.parts import Process
from databus.bus import driver
from databus.model.chunk import Duty, Processor
from databus.telemetry import Health, own_page, serve, stop_signal


@dataclass(frozen=True)
class Work:
    """What one worker does; see `bus.driver.work`."""

    group: str
    topics: tuple[str, ...]
    processor: Processor
    transactional_id: Callable[[int], str]
    registers: str | None
    port: int
    transaction_seconds: float = 20.0
    duty: Duty | None = None


async def run_worker(made: Process, work: Callable[[], Work]) -> int:
    """Work until told to stop; the exit code."""
    stop, health = stop_signal(), Health()
    doing = await asyncio.to_thread(work)
    page = asyncio.create_task(serve(own_page(health, made.metrics), port=doing.port, stop=stop))

    def on_chunk(records: int, lag: float) -> None:
        made.metrics.records.labels(doing.group).inc(records)
        made.metrics.lag.labels(doing.group).set(lag)

    def beat() -> None:
        health.ready = True
        health.beat()

    try:
        return await driver.work(
            made.address,
            group=doing.group,
            topics=doing.topics,
            processor=doing.processor,
            registers=doing.registers,
            transactional_id=doing.transactional_id,
            transaction_seconds=doing.transaction_seconds,
            stop=stop,
            beat=beat,
            on_chunk=on_chunk,
            roll_seconds=made.settings.bus.inbox_segment_seconds,
            duty=doing.duty,
        )
    finally:
        stop.set()
        await page
