"""What happens to the engines of a line, broker and PostgreSQL: each blow is aimed, and tells whether it has hit."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Generator, Sequence
from functools import partial
from random import Random

from bench.chaos.fleet import FULL, Fleet, alive, log_of, part, ready, without_space
from bench.chaos.load import Loading
from bench.chaos.transactions import strike_begun, written

OPEN, REFUSED, BACK = "ended in mid-transaction", "was refused a write", "came back"
"""What is said of an engine that it was done to."""

_AIMED_SECONDS = 5.0
"""So long a blow waits for a transaction to be open."""

_WRITES_SECONDS = 60.0
"""So long an engine without space may go on without writing further into any file."""

_SLOW = 0.3
"""The pace of the load until a blow: however long workers take to be at work, something is left for the next one."""

_TRIES = 4
"""Blows that may miss, where nothing is under way."""

Acts = Generator[float, None, None]
Blow = Generator[float, None, bool]
"""Acts, and then tells whether it has hit what it was meant for."""


def broker(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    """End the broker and the gateway, and PostgreSQL, in the middle of transactions."""
    for number in (signal.SIGKILL, signal.SIGTERM):
        yield from _until_hit(fleet, load, f"kafka {OPEN}", partial(_end_broker, fleet, load, number))
    yield from _until_hit(fleet, load, f"postgres {OPEN}", partial(_end_store, fleet, load))


def _until_hit(fleet: Fleet, load: Loading, what: str, blow: Callable[[], Blow]) -> Acts:
    for _ in range(_TRIES):
        yield from _slowly_at_work(fleet, load)
        hit = yield from blow()
        load.pace = 1.0
        if hit:
            fleet.note(what)
            return


def _end_broker(fleet: Fleet, load: Loading, number: signal.Signals) -> Blow:
    pid, files, until = part(fleet.here, "kafka"), written(fleet.here), time.monotonic() + _AIMED_SECONDS
    while files.await_open(seconds=until - time.monotonic()):
        # A broker that is asked to end takes its time, in which transactions would end too.
        with fleet.standing_still():
            if not files.open():
                continue
            for name in ("kafka", "gateway"):
                fleet.strike(name, number)
            while alive(pid):
                yield 0.1
            # Its successor is not yet there to end them.
            hit = bool(files.open())
        yield from _until_back(fleet, load, "kafka", "gateway")
        return hit
    return False


def _end_store(fleet: Fleet, load: Loading) -> Blow:
    def strike(writers: Sequence[int]) -> None:
        fleet.strike("postgres", signal.SIGKILL)
        for pid in writers:
            os.kill(pid, signal.SIGKILL)

    if not strike_begun(fleet.here, strike, seconds=_AIMED_SECONDS):
        return False
    yield from _until_back(fleet, load, "postgres")
    return True


def full(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    """Leave the broker, PostgreSQL and the broker again without space."""
    for name in ("kafka", "postgres", "kafka"):
        yield from _slowly_at_work(fleet, load)
        pid, log = part(fleet.here, name), log_of(fleet.here, name)
        without_space(fleet.here, name)
        # It ends when it next writes further into a file; its successor has the room.
        until = time.monotonic() + _WRITES_SECONDS
        while alive(pid) and time.monotonic() < until:
            yield 0.2
        if not alive(pid) and log.says(FULL):
            fleet.note(f"{name} {REFUSED}")
        yield from _until_back(fleet, load, name)


def _slowly_at_work(fleet: Fleet, load: Loading) -> Acts:
    """As `until_at_work`, with so little of the load that enough is left for the blows to come."""
    load.pace = _SLOW
    yield from until_at_work(fleet, load)


def until_at_work(fleet: Fleet, load: Loading) -> Acts:
    """Until every worker has taken something since now, so that what is done next is done to transactions under way."""
    before = fleet.taken()
    while load.at_it:
        now = fleet.taken()
        if all(count > before.get(pid, 0.0) for pid, count in now.items()):
            return
        yield 0.2


def _until_back(fleet: Fleet, load: Loading, *names: str) -> Acts:
    """Until these parts and all workers are well again; what is left of the load is kept for what comes then."""
    yield 1.0
    load.pace = 0.0
    try:
        for name in names:
            while not ready(fleet.here, name):
                yield 0.2
            fleet.note(f"{name} {BACK}")
        while not fleet.ready():
            yield 0.2
    finally:
        load.pace = 1.0
