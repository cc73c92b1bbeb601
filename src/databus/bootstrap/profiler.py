"""The profiler: `events` into profiles, one transactional id per partition."""

from __future__ import annotations

from databus.bootstrap.parts import Process, counted, main, present, process, registered_codec
from databus.bootstrap.worker import Work, run_worker
from databus.bus import topics
from databus.profile import profiler
from databus.settings import Settings

PATIENCE_SECONDS = 5.0
"""Where times are told, days are told after this much quiet: the sample is still telling its own until then."""


def run(settings: Settings) -> int:
    """Fold until told to stop; the exit code."""
    made = process("profiler", settings)
    return main("profiler", lambda: _fold(made))


async def _fold(made: Process) -> int:
    made = await present(made)
    return await run_worker(made, lambda: work_of(made))


def work_of(made: Process) -> Work:
    """What a profiler does; asks the registry."""
    codec = registered_codec(made.address)
    return Work(
        group="profiler",
        topics=(topics.EVENTS,),
        processor=counted(profiler.processor(made.contract, codec), made.metrics, codec),
        duty=profiler.duty(made.contract, codec, patience=PATIENCE_SECONDS if made.settings.checker.told_time else None),
        transactional_id=lambda partition: f"profiler-{partition}",
        registers=topics.REGISTERS,
        port=made.settings.profiler.port,
    )
