"""Waiting until a line has come to rest: by what is left to do, never by a time it should take."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.chaos.fleet import Fleet
from databus.bootstrap.parts import now
from databus.bootstrap.projector import FOLLOWED
from databus.bus import topics
from databus.bus.offsets import lag, left
from databus.cli.session import Session
from databus.errors import Unavailable
from databus.store import clock, projection, reconciliation
from databus.store.sessions import Pool, session

PATIENCE_SECONDS = 300.0
"""Without any progress for this long the line hangs."""

_QUIET_SECONDS = 4.0
_STEP_SECONDS = 0.5
_ROWS = "SELECT (SELECT count(*) FROM steps), (SELECT count(*) FROM findings), (SELECT count(*) FROM facts)"
Seen = tuple[int, ...]


def rest(here: Session, fleet: Fleet, count: int, tell: Callable[[str, int, int], None]) -> None:
    """Wait until all `count` submissions ever sent are judged, every day is told, nothing is on its way and nothing has moved for
    a while: a process that just woke may still do harm.

    Raises:
        Unavailable: nothing has moved for a long time although something is left.
    """
    quiet = moved = time.monotonic()
    seen: Seen = ()
    least: Seen = ()
    while time.monotonic() - quiet < _QUIET_SECONDS:
        fleet.tend()
        waits, found = _waits(here, count)
        if any(waits) or found != seen:
            quiet, seen = time.monotonic(), found
        # Less is left than ever: a line that only repeats itself gets nowhere.
        if not least or sum(waits) < sum(least):
            moved, least = time.monotonic(), waits
        tell("comes to rest", max(0, count - sum(waits)), count)
        if time.monotonic() - moved > PATIENCE_SECONDS and any(waits):
            what = "unchecked, unfolded, unprojected, unjudged, days untold"
            raise Unavailable(f"the line has not come to rest: {waits} ({what}) of {count}; {fleet.struck}, {fleet.codes}")
        time.sleep(_STEP_SECONDS)


def projected(here: Session) -> None:
    """Wait until the store has everything that is in the log, once nobody writes there any more.

    Raises:
        Unavailable: it does not get there.
    """

    async def behind(pool: Pool) -> int:
        return sum((await left(here.address("admin"), FOLLOWED, await projection.positions(pool))).values())

    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if not here.ask(behind, timeout_seconds=PATIENCE_SECONDS):
                return
        except Unavailable:
            # It is just being started again.
            if time.monotonic() > until:
                raise
        if time.monotonic() > until:
            raise Unavailable("the projector does not come to the end of the log")
        time.sleep(_STEP_SECONDS)


def _waits(here: Session, count: int) -> tuple[Seen, Seen]:
    """(what is left to check, to fold, to project and to be judged, what the store holds)."""
    address, inboxes = here.address("admin"), tuple(topics.inbox(slug) for slug in here.contract.departments)

    async def measure(pool: Pool) -> tuple[Seen, Seen]:
        unchecked = sum((await lag(address, "checker", inboxes)).values())
        unfolded = sum((await lag(address, "profiler", (topics.EVENTS,))).values())
        unprojected = sum((await left(address, FOLLOWED, await projection.positions(pool))).values())
        unjudged = max(0, count - await reconciliation.places(pool))
        untold = int(not await clock.reached(pool, now().date()))
        async with session(pool) as connection:
            (row,) = await connection.fetch(_ROWS)
        return (unchecked, unfolded, unprojected, unjudged, untold), tuple(row)

    try:
        return here.ask(measure, timeout_seconds=PATIENCE_SECONDS)
    except Unavailable:
        # A part of it is just being started again.
        return (count,), (-1,)
