"""What scenarios are made of: something is done, and then the line is left alone for so many seconds, or until something holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator

from bench.chaos.fleet import Fleet
from bench.chaos.load import PATIENCE_SECONDS, Loading
from databus.errors import Unavailable

Acts = Generator[float, None, None]
_LOOK_SECONDS = 0.2


def until(holds: Callable[[], bool], missing: str) -> Acts:
    """Until it holds.

    Raises:
        Unavailable: it does not, however busy the machine may be; `missing` says what.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > end:
            raise Unavailable(f"{missing} within {PATIENCE_SECONDS:g} s")
        yield _LOOK_SECONDS


def until_at_work(fleet: Fleet, load: Loading) -> Acts:
    """Until every worker has taken something since now, so that what is done next is done to work under way."""
    before = fleet.taken()

    def at_work() -> bool:
        return all(count > before.get(pid, 0.0) for pid, count in fleet.taken().items())

    with load.spared():
        yield from until(at_work, "not every worker has taken something")
