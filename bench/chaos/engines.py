"""What happens to the engines of a line, broker and PostgreSQL: each blow is aimed, proves that it has hit, and is repeated until then."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Generator, Mapping
from functools import partial
from random import Random

from bench.chaos.acts import Acts, until
from bench.chaos.fleet import FULL, Fleet, alive, back, log_of, part, without_space
from bench.chaos.load import PATIENCE_SECONDS, Loading
from bench.chaos.transactions import writers_stopped, written

OPEN, REFUSED, BACK = "ended in mid-transaction", "was refused a write", "came back"
"""What is said of an engine that it was done to."""

_AIMED_SECONDS = 2.0
"""So long a blow looks for an open transaction at a time, in which nobody starts again a worker that has ended."""

_SETTLED_SECONDS = 0.5
"""So long a broker may take to end the transactions that it was asked to end before who asks stood still."""

_PAUSE_SECONDS = 0.2

_ENDING_SECONDS = 20.0
"""So long an engine may take to end after a write that it was refused."""

Blow = Generator[float, None, bool]
"""Acts, and then tells whether it has hit what it was meant for."""


def broker(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    """End the broker and the gateway, and PostgreSQL, in the middle of transactions."""
    for number in (signal.SIGKILL, signal.SIGTERM):
        yield from until_hit(fleet, load, f"kafka {OPEN}", partial(_end_broker, fleet, load, number))
    yield from until_hit(fleet, load, f"postgres {OPEN}", partial(_end_store, fleet, load))


def full(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    """Leave the broker, PostgreSQL and the broker again without space."""
    for name in ("kafka", "postgres", "kafka"):
        yield from until_hit(fleet, load, f"{name} {REFUSED}", partial(_leave_no_space, fleet, load, name))


def until_hit(fleet: Fleet, load: Loading, what: str, blow: Callable[[], Blow]) -> Acts:
    """Blow after blow until one has hit. Where none has in time, that is missing in the end from what was done."""
    end = time.monotonic() + PATIENCE_SECONDS
    with load.spared():
        while time.monotonic() < end:
            hit = yield from blow()
            if hit:
                fleet.note(what)
                return
            yield _PAUSE_SECONDS


def _end_broker(fleet: Fleet, load: Loading, number: signal.Signals) -> Blow:
    files = written(fleet.here)
    if not files.await_open(seconds=_AIMED_SECONDS):
        return False
    # Who writes to it stands still: a broker that is asked to end takes its time, in which transactions would end too.
    with fleet.standing_still():
        yield _SETTLED_SECONDS
        pids = _pids(fleet, "kafka", "gateway")
        if not all(pids.values()) or not files.open():
            return False
        for name in pids:
            fleet.strike(name, number)
        yield from until(lambda: not alive(pids["kafka"]), f"the broker has not ended after {number.name}")
        # Its successor is not yet there to end them.
        hit = bool(files.open())
    yield from _until_back(fleet, load, pids)
    return hit


def _end_store(fleet: Fleet, load: Loading) -> Blow:
    pids = _pids(fleet, "postgres")
    with writers_stopped(fleet.here, seconds=_AIMED_SECONDS) as writers:
        if not writers:
            return False
        fleet.strike("postgres", signal.SIGKILL)
        for pid in writers:
            os.kill(pid, signal.SIGKILL)
    yield from _until_back(fleet, load, pids)
    return True


def _leave_no_space(fleet: Fleet, load: Loading, name: str) -> Blow:
    pids, log = _pids(fleet, name), log_of(fleet.here, name)
    without_space(fleet.here, name)
    yield from until(
        lambda: log.says(FULL) or not alive(pids[name]), f"{name} was without space, and has not tried to write further into any file"
    )
    # That ends the broker, and mostly PostgreSQL. One that is left and lets nobody in is ended by whoever makes room for its successor.
    end = time.monotonic() + _ENDING_SECONDS
    while alive(pids[name]) and time.monotonic() < end:
        yield _PAUSE_SECONDS
    if alive(pids[name]):
        fleet.strike(name, signal.SIGKILL)
        yield from until(lambda: not alive(pids[name]), f"{name} has not ended after SIGKILL")
    hit = log.says(FULL)
    yield from _until_back(fleet, load, pids)
    return hit


def _pids(fleet: Fleet, *names: str) -> Mapping[str, int]:
    return {name: part(fleet.here, name) for name in names}


def _until_back(fleet: Fleet, load: Loading, pids: Mapping[str, int]) -> Acts:
    """Until other processes than these and all workers are well again; what is left of the load is kept for what comes then."""
    load.held = True
    try:
        for name, pid in pids.items():
            yield from until(partial(back, fleet.here, name, pid), f"{name} has not come back")
            fleet.note(f"{name} {BACK}")
        yield from until(fleet.ready, "the workers have not come back")
    finally:
        load.held = False
