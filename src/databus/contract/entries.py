"""Who owns a type, and under which catalogue entries it is published (domain 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from databus.model.labels import Publication


def _within(day: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


@dataclass(frozen=True, slots=True)
class Owner:
    """A department that may publish a type, for a time."""

    department: str
    valid_from: date | None
    valid_to: date | None

    def active(self, day: date) -> bool:
        """True if the department owns the type on that day."""
        return _within(day, self.valid_from, self.valid_to)


@dataclass(frozen=True, slots=True)
class Check:
    """One use of a rule of domain 5.1: on a field (empty for the whole record), with parameters."""

    rule: str
    field: str
    params: dict[str, Any]


def check_of(raw: dict[str, Any]) -> Check:
    """A check from its YAML."""
    return Check(raw["rule"], raw.get("field", ""), {name: value for name, value in raw.items() if name not in ("rule", "field")})


@dataclass(frozen=True, slots=True)
class Entry:
    """A catalogue entry. `late_after` is in working days after the decision, None without a limit.

    `dq_profile` are checks of this entry alone: each stands in for those of the type with its rule and field, and one that
    says `off` asks nothing.
    """

    code: str
    record_type: str
    department: str
    zh: str
    en: str
    publication: Publication
    required: tuple[str, ...]
    recommended: tuple[str, ...]
    late_after: int | None
    citation: str
    status: str
    valid_from: date | None
    valid_to: date | None
    share_type: int
    is_open: bool
    update_cycle: int
    dq_profile: tuple[Check, ...]
    raw: dict[str, Any]

    def active(self, day: date) -> bool:
        """True if something decided on that day may be published under this entry."""
        return self.status == "ACTIVE" and _within(day, self.valid_from, self.valid_to)


def entry_of(raw: dict[str, Any], record_type: str) -> Entry:
    """An entry from its YAML."""
    late = raw.get("late_after") or {}
    return Entry(
        code=raw["code"],
        record_type=record_type,
        department=raw["department"],
        zh=raw["names"]["zh"],
        en=raw["names"]["en"],
        publication=Publication(raw["publication"]),
        required=tuple(raw["required"]),
        recommended=tuple(raw.get("recommended", ())),
        late_after=late.get("working_days"),
        citation=late.get("citation", ""),
        status=raw["status"],
        valid_from=raw.get("valid_from"),
        valid_to=raw.get("valid_to"),
        share_type=raw["share_type"],
        is_open=bool(raw["is_open"]),
        update_cycle=raw["update_cycle"],
        dq_profile=tuple(check_of(row) for row in raw.get("dq_profile") or ()),
        raw=raw,
    )
