"""What findings and daily checks go by: schemas/feedback.yaml (domain 5.2, 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from databus.contract.calendar import Calendar
from databus.errors import BadContract


@dataclass(frozen=True, slots=True)
class Span:
    """A number of days, of work where `working`."""

    days: int
    working: bool

    def after(self, day: date, calendar: Calendar) -> date:
        """The last day of the span that begins behind a day."""
        return calendar.working_days_after(day, self.days)[0] if self.working else day + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Feedback:
    """`fix_within` and `withdrawn_within` are in working days; rules `without_end` ask for no mending; `silence` is by update
    cycle; optional fields are counted over `filled_days`, from `filled_records` on."""

    fix_within: Span
    without_end: frozenset[str]
    withdrawn_within: Span
    silence: Mapping[int, Span]
    filled_days: int
    filled_records: int
    suppress_below: int

    def due(self, rule: str, issued: date, calendar: Calendar) -> date | None:
        """The last day for mending what was issued on a day; None where nothing can be mended."""
        return None if rule in self.without_end else self.fix_within.after(issued, calendar)


def load(path: Path) -> Feedback:
    """The feedback of a checkout.

    Raises:
        BadContract: the file cannot be read, or lacks or misstates something.
    """
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
        return Feedback(
            fix_within=_cited(raw["fix_within"]),
            without_end=frozenset(raw["without_end"]),
            withdrawn_within=_cited(raw["withdrawn_within"]),
            silence={int(cycle): _span(told) for cycle, told in raw["silence"].items()},
            filled_days=_number(raw["filled"]["days"]),
            filled_records=_number(raw["filled"]["records"]),
            suppress_below=_number(raw["suppress_below"]),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadContract(f"{path.name} lacks or misstates {error}", file=path.name) from error


def _cited(raw: Mapping[str, Any]) -> Span:
    if not raw["citation"]:
        raise ValueError("the source of a number of days")
    return _span({name: value for name, value in raw.items() if name != "citation"})


def _span(raw: Mapping[str, Any]) -> Span:
    ((unit, days),) = raw.items()
    if unit not in ("days", "working_days"):
        raise ValueError(f"days or working_days, not {unit}")
    return Span(_number(days), unit == "working_days")


def _number(told: object) -> int:
    if not isinstance(told, int) or isinstance(told, bool) or told < 1:
        raise ValueError("a number from 1 on")
    return told
