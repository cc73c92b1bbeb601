"""What findings and daily checks go by: schemas/feedback.yaml (domain 5.2, 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from databus.contract.calendar import Calendar
from databus.errors import BadContract


@dataclass(frozen=True, slots=True)
class Feedback:
    """`fix_within` is in working days; rules `without_end` ask for no mending."""

    fix_within: int
    without_end: frozenset[str]

    def due(self, rule: str, issued: date, calendar: Calendar) -> date | None:
        """The last day for mending what was issued on a day; None where nothing can be mended."""
        return None if rule in self.without_end else calendar.working_days_after(issued, self.fix_within)[0]


def load(path: Path) -> Feedback:
    """The feedback of a checkout.

    Raises:
        BadContract: the file cannot be read, or lacks or misstates something.
    """
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
        return Feedback(fix_within=_days(raw["fix_within"]), without_end=frozenset(raw["without_end"]))
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise BadContract(f"{path.name} lacks or misstates {error}", file=path.name) from error


def _days(raw: dict[str, object]) -> int:
    days = raw["working_days"]
    if not isinstance(days, int) or days < 1 or not raw["citation"]:
        raise ValueError("a number of days with its source")
    return days
