"""What a submission would do to the merged profile, as far as the record it is about stands now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from databus.model.change import Change, Kind
from databus.model.event import Event, Op
from databus.model.labels import SubjectKind
from databus.store.present import Present

COPY, WAITS, UNTOLD = "COPY", "WAITS", "UNTOLD"
"""A copy of what another source tells; an end or a note of what is not there; a person, whose profile is not looked up here."""

_CONTENT = (Op.UPSERT, Op.CORRECT)


def effect_of(event: Event, carried: Mapping[str, Any], present: Present | None, steps: Iterable[Change]) -> dict[str, Any]:
    """The kind of step, the fields that would change, and the attributes of the subject the record speaks for."""
    asserted = [
        {"attribute": state.name, "as": state.status.value}
        for step in steps
        if step.kind is Kind.ATTRIBUTED
        for state in step.attributes
        if state.chosen is not None
    ]
    if event.subject_kind is SubjectKind.PERSON:
        return {"kind": UNTOLD, "fields": [], "asserts": asserted}
    kind, fields = _kind(event, carried, present)
    told: dict[str, Any] = {"kind": kind, "fields": fields, "asserts": asserted}
    if present is not None:
        told["now"] = {"standing": present.standing.value, "source": f"{present.department}/{present.system}", "source_seq": present.seq}
    return told


def _kind(event: Event, carried: Mapping[str, Any], present: Present | None) -> tuple[str, list[str]]:
    if present is None:
        return (Kind.ADDED.value, sorted(carried)) if event.op in _CONTENT else (WAITS, [])
    if event.op is Op.ANNOTATE:
        return Kind.NOTED.value, []
    if event.op not in _CONTENT:
        return Kind.RESTORED.value if event.withdrawn else Kind.ENDED.value, []
    if (event.department, event.system) != (present.department, present.system):
        return COPY, []
    if event.seq < present.seq:
        return Kind.HISTORY.value, []
    stored = present.payload or {}
    changed = sorted(name for name in carried.keys() | stored.keys() if carried.get(name) != stored.get(name))
    if not changed:
        return Kind.DUPLICATE.value, []
    return (Kind.EQUIVOCAL if event.seq == present.seq else Kind.CHANGED).value, changed
