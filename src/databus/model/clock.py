"""Time as an input: what a partition is told of it, and what it remembers (design 8). Days are counted from 1970-01-01."""

from __future__ import annotations

from databus.model.nouns import dataclass

UNTOLD = -1
"""The day before any."""

SHANGHAI_MS, DAY_MS = 8 * 3_600_000, 86_400_000


def day_at(at: int) -> int:
    """The day in Asia/Shanghai of an instant in milliseconds."""
    return (at + SHANGHAI_MS) // DAY_MS


def start_of(day: int) -> int:
    """The instant at which a day begins in Asia/Shanghai, in milliseconds."""
    return day * DAY_MS - SHANGHAI_MS


@dataclass(frozen=True, slots=True)
class Tick:
    """In `events`: this day has begun. In `changes`: all that it moved has been told. `partition` is that of `events`."""

    day: int
    partition: int


@dataclass(frozen=True, slots=True)
class Release:
    """Other rule sets are in force: every record of the partition is judged again. `at` is in milliseconds."""

    digest: str
    partition: int
    at: int


@dataclass(frozen=True, slots=True)
class Clock:
    """How far time has come in a partition.

    `day` is the highest day seen, of a tick or an event; what wakes up to `swept` has been judged. `written`, `tick` and
    `applied` are the days of the last tick written to `events`, read there, and told in `changes`. `origin` is the offset of
    the record that moved the day last. `announced` and `release` are the digests of the last release written and read,
    `released` and `released_at` its offset and time; records up to `cursor` have been judged by it, all where it is None.
    `touched` are groups of records still to be judged because their subject's sheet has changed.
    """

    day: int = UNTOLD
    swept: int = UNTOLD
    written: int = UNTOLD
    tick: int = UNTOLD
    applied: int = UNTOLD
    origin: int = 0
    announced: str = ""
    release: str = ""
    released_at: int = 0
    released: int = 0
    cursor: bytes | None = None
    touched: tuple[bytes, ...] = ()

    @property
    def untold(self) -> bool:
        """True before the first day."""
        return self.day == UNTOLD

    @property
    def behind(self) -> bool:
        """True while records wait to be judged."""
        return self.swept < self.day or self.cursor is not None or bool(self.touched)
