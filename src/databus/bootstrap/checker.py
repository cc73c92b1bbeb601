"""The checker: every department's inbox, one transactional id per slot."""

from __future__ import annotations

from databus.access.signing import signing_key
from databus.bootstrap.parts import Process, counted, main, process, registered_codec
from databus.bootstrap.worker import Work, run_worker
from databus.bus.topics import inbox
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.local.keys import Keys
from databus.model.chunk import Processor
from databus.quality import checker
from databus.settings import Settings


def run(settings: Settings) -> int:
    """Check until told to stop; the exit code."""
    made = process("checker", settings)
    return main("checker", lambda: run_worker(made, lambda: work_of(made)))


def checking(contract: Contract, codec: Codec, keys: Keys, *, told_time: bool) -> Processor:
    """The processor with the keys that a checker holds."""
    return checker.processor(
        contract,
        codec,
        platform_key=bytes.fromhex(keys.read("platform.hmac")),
        quarantine_key=bytes.fromhex(keys.read("quarantine.key")),
        told_time=told_time,
        waiver_key=signing_key(keys.read("waiver-signing.pub"), purpose="waivers"),
    )


def work_of(made: Process) -> Work:
    """What a checker does; asks the registry."""
    settings, codec = made.settings, registered_codec(made.address)
    processor = checking(made.contract, codec, made.keys, told_time=settings.checker.told_time)
    return Work(
        group="checker",
        topics=tuple(inbox(slug) for slug in made.contract.departments),
        processor=counted(processor, made.metrics, codec),
        transactional_id=lambda _: f"checker-slot-{settings.checker.slot}",
        registers=None,
        port=settings.checker.port,
        transaction_seconds=5.0,
    )
