"""The checker: every department's inbox, one transactional id per slot."""

from __future__ import annotations

from databus.access.signing import signing_key
from databus.bootstrap.parts import Process, counted, main, process, registered_codec
from databus.bootstrap.worker import Work, run_worker
from databus.bus.topics import inbox
from databus.quality import checker
from databus.settings import Settings


def run(settings: Settings) -> int:
    """Check until told to stop; the exit code."""
    made = process("checker", settings)
    return main("checker", lambda: run_worker(made, lambda: work_of(made)))


def work_of(made: Process) -> Work:
    """What a checker does; asks the registry."""
    settings, codec = made.settings, registered_codec(made.address)
    processor = checker.processor(
        made.contract,
        codec,
        platform_key=bytes.fromhex(made.keys.read("platform.hmac")),
        quarantine_key=bytes.fromhex(made.keys.read("quarantine.key")),
        told_time=settings.checker.told_time,
        waiver_key=signing_key(made.keys.read("waiver-signing.pub"), purpose="waivers"),
    )
    return Work(
        group="checker",
        topics=tuple(inbox(slug) for slug in made.contract.departments),
        processor=counted(processor, made.metrics, codec),
        transactional_id=lambda _: f"checker-slot-{settings.checker.slot}",
        registers=None,
        port=settings.checker.port,
        transaction_seconds=5.0,
    )
