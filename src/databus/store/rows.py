"""Rows as the gateway reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from databus.model.change import Kind
from databus.model.labels import Standing, SubjectKind
from databus.store.sessions import Row


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One version of a record. Days are dates; `known_at` and `recorded_at` are in milliseconds since 1970.

    `payload` has ISO dates and decimals as strings; it is None where the content was withdrawn. `class_id` is the class
    of the record now, whatever the age of the row: it judges the row. Name and codes are those this record tells of its
    subject, empty for persons. `seq` and `recorded_at` are those of its content (0: the source does not say when).
    """

    record_type: str
    record_key: str
    subject_key: str
    subject_name: str
    codes: Mapping[str, str]
    department: str
    system: str
    standing: Standing
    class_id: int
    payload: Mapping[str, Any] | None
    valid_from: date | None
    valid_to: date | None
    decided_at: date | None
    wake: date | None
    known_at: int
    event_id: str
    submission_id: str
    catalog_code: str
    rule: str
    seq: int
    recorded_at: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a feed at its place in `changes`; a withdrawn one tells only which record is withdrawn."""

    change_id: str
    part: int
    offset: int
    kind: Kind
    withdrawn: bool
    record: RecordRow


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """A subject as far as the asker's records tell of it. `codes` are pairs of scheme and code, older ones included."""

    subject_key: str
    kind: SubjectKind
    name: str
    codes: tuple[tuple[str, str], ...]


COLUMNS = (
    "record_type, record_key, subject_key, subject_name, codes, department, system, standing, payload, valid_from, valid_to, "
    "decided_at, wake, known_at, event_id, submission_id, catalog_code, rule, seq, recorded_at"
)


def columns(alias: str) -> str:
    """The columns of a `RecordRow` but its class, from the table of that alias."""
    return ", ".join(f"{alias}.{name}" for name in COLUMNS.split(", "))


def visible(alias: str, *, classes: str, today: str) -> str:
    """The condition under which a current row exists for a caller; `classes` and `today` are parameters (`$n`).

    A row whose wake day has come is held until its tick has been applied.
    """
    return f"({alias}.class_id = ANY({classes}::bigint[]) AND ({alias}.wake IS NULL OR {alias}.wake > {today}::date))"


def record_of(row: Row | Mapping[str, Any]) -> RecordRow:
    """A row from its columns and the present class."""
    values = {name: row[name] for name in COLUMNS.split(", ")}
    return RecordRow(**{**values, "standing": Standing(row["standing"]), "class_id": row["class_id"]})
