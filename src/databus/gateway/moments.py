"""The two times of a question: the day in the world, and the instant up to which things were known (domain 4.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query

from databus.errors import Malformed

PROVINCE = ZoneInfo("Asia/Shanghai")

AsOf = Annotated[str | None, Query(description="The day on which facts are to hold, ISO 8601; today without it.", examples=["2026-03-31"])]
KnownAt = Annotated[
    str | None,
    Query(
        description="Up to when facts may have become known: a day (to its end, Asia/Shanghai) or an instant; now without it.",
        examples=["2026-04-02"],
    ),
]


@dataclass(frozen=True, slots=True)
class Moment:
    """What held on `as_of` as far as was known at `known_at`."""

    as_of: date
    known_at: datetime

    @property
    def milliseconds(self) -> int:
        """`known_at` as the store counts."""
        return int(self.known_at.timestamp() * 1000)


def moment_of(as_of: str | None, known_at: str | None, *, now: datetime) -> Moment | None:
    """The moment a caller asks for; None without either parameter: that is the profile as it stands.

    Raises:
        Malformed: no day, no instant, or knowledge of the future.
    """
    if as_of is None and known_at is None:
        return None
    day = _day(as_of, "as_of") if as_of is not None else now.date()
    known = now if known_at is None else _instant(known_at)
    # A day that is not over means all that is known of it.
    if known > now and known.date() == now.astimezone(PROVINCE).date():
        known = now
    if known > now:
        raise Malformed("known_at lies in the future: nothing is known of it yet.", parameter="known_at")
    return Moment(day, known)


def _day(text: str, parameter: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{parameter} is a day such as 2026-03-31.", parameter=parameter) from None


def _instant(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time.max, PROVINCE)
    except ValueError:
        pass
    try:
        # In a query a plus sign is a space.
        told = datetime.fromisoformat(text.replace(" ", "+"))
        return told if told.tzinfo is not None else told.replace(tzinfo=PROVINCE)
    except ValueError:
        raise Malformed("known_at is a day or an instant, such as 2026-04-02 or 2026-04-02T09:30:00+08:00.", parameter="known_at") from None
