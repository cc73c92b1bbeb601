"""Steps as they are applied: storable, with their bodies decoded once, and as rows of `steps`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

from databus.contract.codec import Codec
from databus.model.change import Change
from databus.model.chunk import Record
from databus.model.labels import SubjectKind
from databus.store.apply.staging import clean, json_of

_EPOCH = date(1970, 1, 1)
_LAST = (date.max - _EPOCH).days

_TOLD = (
    "change_id", "kind", "pv", "event_id", "submission_id", "subject_key", "record_type", "record_key", "department", "system", "op",
    "facet", "seq", "catalog_code", "was", "standing", "rule", "fields", "causes", "inbox_partition", "inbox_offset", "origin_partition",
    "origin_offset", "known_at", "original",
)  # fmt: skip
COLUMNS = (*_TOLD, "part", "offset", "written_at", "class_id", "wake")
_told = attrgetter(*_TOLD)
_TEXTS = tuple(field.name for field in fields(Change) if field.type == "str")
_LISTS = ("fields", "causes")
_texts = attrgetter(*_TEXTS)


@dataclass(frozen=True, slots=True)
class Step:
    """A step and where it lies.

    `body` is decoded, `payload` the JSON of what it holds, `wake` a day PostgreSQL knows. A person has neither `name` nor `codes`
    here, whatever the step says.
    """

    change: Change
    name: str
    codes: Mapping[str, str]
    part: int
    offset: int
    written_at: int
    body: Mapping[str, Any] | None
    payload: bytes | None
    wake: date | None


def step(record: Record, change: Change, codec: Codec) -> Step:
    """The step that lies in a record."""
    body = codec.decode(change.body)[1] if change.body is not None else None
    wake = _EPOCH + timedelta(days=change.wake) if change.wake is not None and change.wake <= _LAST else None
    payload = json_of(body["payload"]) if body is not None else None
    name, codes = (change.subject_name, change.codes) if change.label_class.subject_kind is not SubjectKind.PERSON else ("", {})
    return Step(change, name, codes, record.partition, record.offset, record.timestamp, body, payload, wake)


def row(one: Step) -> tuple[Any, ...]:
    """Its row of `steps`."""
    return (*_told(one.change), one.part, one.offset, one.written_at, one.change.label_class.class_id, one.wake)


def storable(change: Change) -> Change:
    """The change without the character NUL, which no text of PostgreSQL holds."""
    told = "".join((*_texts(change), *change.fields, *change.causes, *change.codes, *change.codes.values()))
    if "\x00" not in told:
        return change
    return replace(change, **{name: clean(getattr(change, name)) for name in (*_TEXTS, *_LISTS, "codes")})
