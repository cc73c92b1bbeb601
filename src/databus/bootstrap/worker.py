"""A Faust worker as a process: the batch driver, its health page, one stop for both."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from databus.bootstrap.parts import Process
from databus.bus import driver, generations
from databus.errors import Unavailable
from databus.model.chunk import Duty, Processor
from databus.telemetry import Health, own_page, serve, stop_signal

log = logging.getLogger(__name__)
ASK_AGAIN_SECONDS = 3.0


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
    """Work until told to stop, or until the generation this process works in is replaced; the exit code."""
    stop, health = stop_signal(), Health()
    doing = await asyncio.to_thread(work)
    page = asyncio.create_task(
        serve(own_page(health, made.metrics), port=doing.port, setting=f"DATABUS_{made.name.upper()}__PORT", stop=stop)
    )

    watching = asyncio.create_task(until_replaced(made, stop)) if doing.registers else None

    def on_chunk(records: int, lag: float) -> None:
        made.metrics.records.labels(doing.group).inc(records)
        made.metrics.lag.labels(doing.group).set(lag)

    def on_recovery(done: int, total: int) -> None:
        health.recovering = None if done >= total else (done, total)
        made.metrics.recovery.set(1.0 if not total else done / total)

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
            on_recovery=on_recovery,
        )
    finally:
        stop.set()
        if watching is not None:
            watching.cancel()
        await page


async def until_replaced(made: Process, stop: asyncio.Event) -> None:
    """End with the generation: whoever starts us again starts us in the next one."""
    while not stop.is_set():
        try:
            await generations.replaced(made.address)
            log.info("generation %d is no longer present: stopping to start in the next one", made.address.generation)
            stop.set()
        except Unavailable as error:
            log.warning("the generation cannot be asked for", extra={"cause": error.detail})
            await asyncio.sleep(ASK_AGAIN_SECONDS)
