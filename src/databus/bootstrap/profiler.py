"""The profiler: `events` into profiles, one transactional id per partition."""

from __future__ import annotations

from databus.bootstrap.parts import Process, counted, main, process, registered_codec
from databus.bootstrap.worker import Work, run_worker
from databus.bus import topics
from databus.profile import profiler
from databus.settings import Settings


def run(settings: Settings) -> int:
    """Fold until told to stop; the exit code."""
    made = process("profiler", settings)
    return main("profiler", lambda: run_worker(made, lambda: work_of(made)))


def work_of(made: Process) -> Work:
    """What a profiler does; asks the registry."""
    return Work(
        group="profiler",
        topics=(topics.EVENTS,),
        processor=counted(profiler.processor(made.contract, registered_codec(made.address)), made.metrics),
        transactional_id=lambda partition: f"profiler-{partition}",
        registers=topics.REGISTERS,
        port=made.settings.profiler.port,
    )
