"""Steps of a feed as lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from databus.gateway.bodies import record_body
from databus.gateway.lens import Lens, Shown, cut
from databus.gateway.line import Line
from databus.gateway.outward import pseudonym, record_id, step_id
from databus.gateway.positions import Position, sealed
from databus.model.labels import SubjectKind
from databus.store.rows import RecordRow, StepRow

CHANGED, WITHDRAWN, CONTROL = "changed", "withdrawn", "control"

Pair = tuple[StepRow, Shown | None]
"""A step, and what of its record may leave; None for a withdrawal."""


def visible(line: Line, lens: Lens, rows: Sequence[StepRow]) -> list[Pair]:
    """Redact: the steps that exist for this reader, each record cut by what it is now."""
    pairs: list[Pair] = []
    for row in rows:
        one = None if row.withdrawn else cut(line.planner, lens, row.record)
        if row.withdrawn or one is not None:
            pairs.append((row, one))
    return pairs


def lines(line: Line, lens: Lens, position: Position, pairs: Sequence[Pair]) -> Iterator[bytes]:
    """One line per step, each with the cursor behind it."""
    version = position.version
    for row, one in pairs:
        version = version.moved({row.part: row.offset})
        told = {
            "type": WITHDRAWN if one is None else CHANGED,
            "subject": subject_of(line, lens, row.record),
            "step": step_id(row.change_id, platform_key=line.platform_key),
            **(_withdrawn(line, row.record) if one is None else record_body(one, platform_key=line.platform_key)),
            "cursor": sealed(position.at(version, lens), line),
        }
        yield orjson.dumps(told) + b"\n"


def control(kind: str, cursor: str, **facts: Any) -> bytes:
    """A line about the feed itself: heartbeat, end_of_page, plan_changed, ended."""
    return orjson.dumps({"type": CONTROL, "control": kind, **facts, "cursor": cursor}) + b"\n"


def subject_of(line: Line, lens: Lens, row: RecordRow) -> dict[str, Any]:
    """Whom a step is about: an organisation by its key and codes, a person by this receiver's own pseudonym."""
    label = lens.classes.get(row.class_id)
    if label is None or label.subject_kind is SubjectKind.PERSON:
        return {"pseudonym": pseudonym(lens.caller.organisation or lens.caller.name, row.subject_key, platform_key=line.platform_key)}
    return {"key": row.subject_key, "codes": [{"scheme": scheme, "code": code} for scheme, code in sorted(row.codes.items())]}


def _withdrawn(line: Line, row: RecordRow) -> dict[str, Any]:
    return {"record_type": row.record_type, "record": record_id(row.record_key, platform_key=line.platform_key)}
