"""The profiler: `events` into profiles, one transactional id per partition."""

from __future__ import annotations

from databus.bootstrap.parts import counted, main, process, registered_codec
from databus.bootstrap.worker import Work, run_worker
from databus.bus import topics
from databus.profile import profiler
from databus.settings import Settings


def run(settings: Settings) -> int:
    """Fold until told to stop; the exit code."""
    made = process("profiler", settings)

    def work() -> Work:
        codec = registered_codec(made.address)
        return Work(
            group="profiler",
            topics=(topics.EVENTS,),
            processor=counted(profiler.processor(made.contract, codec), made.metrics, codec),
            transactional_id=lambda partition: f"profiler-{partition}",
            registers=topics.REGISTERS,
            port=settings.profiler.port,
        )

    return main("profiler", lambda: run_worker(made, work))
