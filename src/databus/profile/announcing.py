"""What the owner of a partition tells it of time: a tick per calendar day, missed days in order, and other rule sets."""

from __future__ import annotations

from databus.contract import wire
from databus.contract.codec import Codec
from databus.model import keys
from databus.model.chunk import Outcome, Output, State
from databus.model.clock import UNTOLD, Clock, Release, Tick, day_at
from databus.model.nouns import replace
from databus.profile.overlay import CLOCK
from databus.profile.pending import unsealed

EVENTS = "events"
AT_ONCE = 400
"""Days told in one transaction at most."""


def clock_key(partition: int) -> bytes:
    """Where in `registers` the clock of a partition lies."""
    return keys.pack(str(partition), CLOCK)


def clock_of(state: State, partition: int, codec: Codec) -> Clock:
    """The clock of a partition, one that has not been told anything where there is none."""
    value = state.get(clock_key(partition))
    return Clock() if value is None else wire.decode_clock(codec, value)


def due(clock: Clock, partition: int, now: int, release: str, codec: Codec) -> Outcome | None:
    """The days up to that of `now` (milliseconds) and the release, as far as they have not been written; None if they have.

    They go out with the clock that remembers them, so there is one copy of each whoever owns the partition.
    """
    today = day_at(now)
    first = clock.written + 1 if clock.written != UNTOLD else today if clock.untold else min(clock.day, today)
    days = range(first, min(today + 1, first + AT_ONCE))
    told: list[Tick | Release] = [Release(release, partition, now)] if clock.announced != release else []
    told += [Tick(day, partition) for day in days]
    if not told:
        return None
    after = replace(clock, announced=release, written=days[-1] if days else clock.written)
    return Outcome([_output(one, codec) for one in told], {clock_key(partition): wire.encode_clock(codec, after)})


def owed(clock: Clock) -> bool:
    """True if records wait to be judged again, whatever is still to be told on."""
    return clock.swept < clock.day or clock.cursor is not None or any(not unsealed(one).touch.target for one in clock.touched)


def _output(told: Tick | Release, codec: Codec) -> Output:
    name = f"tick/{told.day}" if isinstance(told, Tick) else f"release/{told.digest}/{told.at}"
    key = keys.pack(CLOCK, str(told.partition), name)
    return Output(EVENTS, key, wire.encode_time(codec, told), partition=told.partition)
