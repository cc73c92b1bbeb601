"""The batch driver: a pure processor on the log, exactly once in effect.

Faust brings lots, the chunks of the partitions that one fetch has filled; what one writer has of a lot becomes one transaction of
outputs, registers and input offsets. State is taken over only after the commit. Any error ends the process: the next one begins from
what is committed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from databus.bus import transport
from databus.bus.address import BusAddress
from databus.bus.answered import answered
from databus.bus.worker import Worker
from databus.errors import BusUnavailable
from databus.model.chunk import Duty, Processor

log = logging.getLogger(__name__)
BATCH_MAX = 2000
"""Records of a transaction, unless told otherwise."""

_TICK_SECONDS = 1.0


async def work(
    address: BusAddress,
    *,
    group: str,
    topics: Sequence[str],
    processor: Processor,
    transactional_id: Callable[[int], str],
    stop: asyncio.Event,
    beat: Callable[[], None],
    on_chunk: Callable[[int, float], None],
    registers: str | None = None,
    batch_max: int = BATCH_MAX,
    session_seconds: float = 6.0,
    transaction_seconds: float = 20.0,
    roll_seconds: float = 3600.0,
    silence_seconds: float = 20.0,
    duty: Duty | None = None,
    clock: Callable[[], int] = lambda: int(time.time() * 1000),
    on_recovery: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Run `processor` over the group's share of `topics` until `stop`; the exit code: 0 stopped, 1 failed.

    `transactional_id` names the producer of an input partition: one each where there is state (it fences a zombie), or
    one for all of them. `registers` is the topic of the state, partition by partition that of the input.
    `on_chunk` gets (records, seconds since the last of them was appended) of each transaction; it has at most `batch_max` records.
    `beat` is called while the broker answers; without an answer for `silence_seconds` the process gives up. `roll_seconds` is
    `segment.ms` of the inboxes.
    `duty` is asked before each chunk, and about once a second while there is none, what the owner of a partition owes it at the
    time `clock` tells (milliseconds); its outcome is committed like a chunk's, once, by the fenced owner alone.
    `on_recovery` is told (offsets read, offsets in all) of the state while it is loaded: at the start, and after each rebalance of what
    has come with it.
    All names are bare; the address adds its prefix.
    """
    worker = Worker(
        address,
        group=group,
        processor=processor,
        registers=registers,
        transactional_id=transactional_id,
        transaction_seconds=transaction_seconds,
        roll_seconds=roll_seconds,
        beat=beat,
        on_chunk=on_chunk,
        owed=duty,
        clock=clock,
        on_recovery=on_recovery,
    )
    worker.app = app = transport.make_app(
        address, group=group, topics=topics, agent=worker.run, batch_max=batch_max, session_seconds=session_seconds, beat=worker.alive
    )
    # Faust awaits this signal after a rebalance and before it seeks and resumes (tables/recovery.py, _resume_streams).
    app.on_rebalance_complete.connect(worker.prepare, weak=False)
    app.loop = asyncio.get_running_loop()
    try:
        with answered():
            await app.start()
            await _until(stop, worker, silence_seconds)
    except Exception:
        log.exception("the worker failed")
        worker.failed = True
    await worker.finish()
    return 1 if worker.failed or app.crash_reason is not None else 0


async def _until(stop: asyncio.Event, worker: Worker, silence_seconds: float) -> None:
    # Once, not in every round: to cancel Faust's waiter leaves two tasks behind.
    waiters = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(worker.app.wait_until_stopped())]
    try:
        while not stop.is_set() and not worker.app.should_stop and not worker.failed:
            await worker.close_segments()
            more = await worker.attend()
            if time.monotonic() - worker.heard > silence_seconds:
                raise BusUnavailable(f"the broker has not answered for {silence_seconds:.0f} s")
            await asyncio.wait(waiters, timeout=0 if more else _TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
