"""What would become of items if they were published: findings, labels, readers, the profile. Nothing is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.contract.fields import STEP
from databus.contract.values import jsonable
from databus.department.http.effects import effect_of
from databus.department.submission import Submission
from databus.model.change import Change, Kind
from databus.model.disclosure import Action, ClassPlan
from databus.model.event import Event
from databus.store.present import Present

ACCEPTED, REJECTED, HELD = "ACCEPTED", "REJECTED", "HELD"
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the other stages say of one submission.

    `findings` are as the findings API shows them; `event` is what would be accepted, None where the checks stop it, and then
    there is nothing else. `steps` are those of a profile that knows nothing of the subject yet, `present` is the record as it
    stands now if it could be `looked_up`, `readers` what policy would let each kind of reader see; None where it was not asked.
    """

    findings: tuple[Mapping[str, Any], ...]
    event: Event | None = None
    content: Mapping[str, Any] | None = None
    steps: tuple[Change, ...] = ()
    looked_up: bool = True
    present: Present | None = None
    readers: Mapping[str, ClassPlan] | None = None


Foresee = Callable[[str, Sequence[Submission]], Awaitable[Sequence[Foreseen]]]
"""Asks checks, profile and policy for submissions of a department; `bootstrap` gives it."""


def body(submission: Submission, seen: Foreseen, contract: Contract) -> dict[str, Any]:
    """One foreseen submission as JSON; `readers` and `effect` are null where policy or the store were not asked."""
    told: dict[str, Any] = {"outcome": _outcome(seen), "submission_id": submission.submission_id, "findings": list(seen.findings)}
    if seen.event is None or seen.content is None:
        return told
    record_type = contract.types[seen.event.record_type]
    carried = {name: value for name, value in jsonable(seen.content["payload"]).items() if value is not None and name in record_type.fields}
    step = next((one for one in seen.steps if one.kind is not Kind.ATTRIBUTED), None)
    return {
        **told,
        "record": _record(seen.event, step),
        "fields": _labels(record_type, carried),
        "readers": None if seen.readers is None else {name: _reader(plan, carried) for name, plan in seen.readers.items()},
        "effect": effect_of(seen.event, carried, seen.present, seen.steps) if seen.looked_up else None,
    }


def _outcome(seen: Foreseen) -> str:
    if seen.event is not None:
        return ACCEPTED
    return REJECTED if any(one["verdict"] == "R" for one in seen.findings) else HELD


def _record(event: Event, step: Change | None) -> dict[str, Any]:
    told = {
        "record_type": event.record_type,
        "catalog_code": event.catalog_code,
        "publication": event.labels.publication.value,
        "commercial": event.labels.commercial.value,
        "privacy": event.labels.privacy.value,
        "flags": list(event.labels.flags),
    }
    if step is None:
        return told
    until = None if step.wake is None else date.fromordinal(_EPOCH + step.wake).isoformat()
    return {**told, "standing": step.standing.value, "standing_until": until, "rule": step.rule}


def _labels(record_type: RecordType, carried: Mapping[str, Any]) -> dict[str, Any]:
    fields = ((path, field) for path, field in record_type.leaves.items() if path.partition(STEP)[0] in carried)
    return {
        path: {"class": field.publication.value, "commercial": field.commercial.value, "privacy": field.privacy.value}
        | ({"mask": field.mask} if field.mask else {})
        for path, field in fields
    }


def _reader(plan: ClassPlan, carried: Mapping[str, Any]) -> dict[str, Any]:
    rules = {path: rule for path, rule in plan.fields.items() if path.partition(STEP)[0] in carried}
    return {
        "visible": plan.visible,
        "reasons": list(plan.reasons),
        "kept": [name for name, rule in rules.items() if rule.action is Action.KEEP],
        "masked": [name for name, rule in rules.items() if rule.action is Action.MASK],
        "withheld": {name: rule.reason for name, rule in rules.items() if rule.action is Action.DROP},
    }
