"""Working days of China and days of the platform (Asia/Shanghai).

Known years come from chinesecalendar (State Council notices); `schemas/codes/calendar.yaml` overrides and extends them;
beyond both, weekdays count and the answer is flagged as estimated (design 7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import chinese_calendar
import yaml

from databus.contract.documents import read_yaml
from databus.errors import BadContract

# China has had one zone without summer time since 1991, and no decision on this bus is timed before.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
# chinese_calendar.is_workday looks for its first and last year anew for each day, which costs more than all else here.
_YEARS = frozenset(day.year for day in chinese_calendar.holidays)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_WEEKEND = 5


def shanghai_day(milliseconds: int) -> date:
    """The calendar day in Asia/Shanghai of an instant in milliseconds since 1970."""
    return (_EPOCH + timedelta(milliseconds=milliseconds)).astimezone(SHANGHAI).date()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days. `overrides` says of single days whether they are worked; `known` are years it covers in full."""

    overrides: Mapping[date, bool] = field(default_factory=dict)
    known: frozenset[int] = frozenset()

    def is_working_day(self, day: date) -> tuple[bool, bool]:
        """(whether people work on that day, whether this is estimated)."""
        if day in self.overrides:
            return self.overrides[day], False
        if day.year in self.known:
            return day.weekday() < _WEEKEND, False
        if day.year in _YEARS:
            return day in chinese_calendar.workdays or (day.weekday() < _WEEKEND and day not in chinese_calendar.holidays), False
        return day.weekday() < _WEEKEND, True

    def working_days_after(self, day: date, n: int) -> tuple[date, bool]:
        """(the n-th working day after `day`, whether any day on the way was estimated). The day after `day` may be the first."""
        estimated, left = False, n
        while left > 0 and day < date.max:
            day += _DAY
            worked, guess = self.is_working_day(day)
            estimated |= guess
            left -= worked
        return day, estimated

    def between(self, first: date, last: date) -> tuple[int, bool]:
        """(working days from the day after `first` to `last` inclusive, whether any was estimated); 0 if `last` is not later."""
        answers = [self.is_working_day(first + timedelta(days=i)) for i in range(1, (last - first).days + 1)]
        return sum(worked for worked, _ in answers), any(guess for _, guess in answers)


def load(path: Path) -> Calendar:
    """The calendar with the override table of a checkout.

    Raises:
        BadContract: the file cannot be read, or a day is both free and worked.
    """
    try:
        raw = read_yaml(path) or {}
        free, worked = _days(raw.get("holidays")), _days(raw.get("working_days"))
        known = frozenset(int(year) for year in raw.get("years") or ())
    except (OSError, yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
        raise BadContract(f"codes/{path.name} lacks or misstates {error}", file=path.name) from error
    if both := free & worked:
        raise BadContract(f"codes/{path.name} calls {min(both)} free and worked", file=path.name)
    return Calendar({**dict.fromkeys(free, False), **dict.fromkeys(worked, True)}, known)


def _days(raw: object) -> set[date]:
    days = list(raw) if isinstance(raw, list) else []
    if (raw is not None and not isinstance(raw, list)) or not all(isinstance(day, date) for day in days):
        raise ValueError("a list of days")
    return set(days)
