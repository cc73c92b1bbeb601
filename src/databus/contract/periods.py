"""Lengths of time in calendar months and years, as statutes count them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from databus.errors import BadContract

_SHORTEST = 28
_UNITS = frozenset({"years", "months", "from"})


@dataclass(frozen=True, slots=True)
class Length:
    """A number of calendar months."""

    months: int

    def after(self, start: date, days: int = 0) -> date:
        """The last day of a period of this length that begins the day after `start`, and `days` more.

        It is the same day of the month, or the month's last (2026-01-31 and one month: 2026-02-28).
        Beyond year 9999 it is the last day there is.
        """
        return _after(self.months, start, days)


@lru_cache(maxsize=1 << 14)
def _after(months: int, start: date, days: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    day = start.day
    end = date(year, month + 1, day if day <= _SHORTEST else min(day, monthrange(year, month + 1)[1]))
    if not days:
        return end
    return end + timedelta(days=days) if date.max - end >= timedelta(days=days) else date.max


def length_of(raw: Mapping[str, Any] | None, where: str) -> Length | None:
    """A length from `{years: 1, months: 6}`; None where there is none.

    Raises:
        BadContract: another unit, or a length that is not a positive whole number.
    """
    if not raw:
        return None
    months = raw.get("years", 0) * 12 + raw.get("months", 0)
    if raw.keys() - _UNITS or not isinstance(months, int) or months <= 0:
        raise BadContract(f"{where} has a length that cannot be read: {dict(raw)}", file=where)
    return Length(months)
