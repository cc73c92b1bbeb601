"""Decision records: what was decided and what left, made durable before it leaves (design 9)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from databus.contract.fields import STEP
from databus.gateway.lens import NONE, OWNER, PERMIT, Lens, Shown
from databus.model.disclosure import DecisionRecord, Plan
from databus.ports import Clock, Trail

ALLOW, PARTIAL, DENY = "ALLOW", "PARTIAL", "DENY"
EVERY_FIELD = "*"


@dataclass(frozen=True)
class Asked:
    """One question as the trail will remember it: what was done, to whom, under which request."""

    action: str
    request_id: str
    subject_key: str = ""


def decisions(asked: Asked, lens: Lens, shown: Iterable[Shown], *, clock: Clock) -> tuple[DecisionRecord, ...]:
    """One record per plan that let something out; one denial if none did."""
    by_plan: dict[str, tuple[Plan, list[Shown]]] = {}
    for one in shown:
        by_plan.setdefault(one.plan.plan_id, (one.plan, []))[1].append(one)
    told = list(by_plan.values()) or [(lens.base, [])]
    return tuple(_decision(asked, lens, plan, out, clock=clock) for plan, out in told)


async def record(trail: Trail, made: Sequence[DecisionRecord]) -> str:
    """Make them durable; the id of the first, which the caller may quote.

    Raises:
        AuditUnavailable: nothing may be released.
    """
    await trail.record(made)
    return made[0].decision_id


def denial(asked: Asked, lens: Lens, *, clock: Clock) -> tuple[DecisionRecord, ...]:
    """A denial with the reasons policy gave for everything it withheld."""
    return decisions(asked, lens, (), clock=clock)


def refused(made: DecisionRecord, reasons: Iterable[str]) -> DecisionRecord:
    """The same record as a refusal with these reasons."""
    return replace(made, outcome=DENY, reasons=tuple(sorted(set(reasons))))


def _left(one: Shown) -> Iterator[str]:
    """What left, parts of records by their paths."""
    verdict = one.plan.classes.get(one.row.class_id)
    for path in verdict.fields if verdict is not None else ():
        if path not in one.disclosed.withheld and path.partition(STEP)[0] in one.disclosed.fields:
            yield path


def _decision(asked: Asked, lens: Lens, plan: Plan, shown: Sequence[Shown], *, clock: Clock) -> DecisionRecord:
    disclosed: dict[str, set[str]] = {}
    withheld: dict[str, dict[str, str]] = {}
    reasons: set[str] = set()
    for one in shown:
        disclosed.setdefault(one.row.record_type, set()).update(_left(one))
        withheld.setdefault(one.row.record_type, {}).update(one.disclosed.withheld)
        reasons.update(one.disclosed.reasons)
    whole = lens.withheld_types()
    for name, why in whole.items():
        withheld.setdefault(name, {}).setdefault(EVERY_FIELD, ",".join(why))
        if not shown:
            reasons.update(why)
    held_back = {name: fields for name, fields in withheld.items() if fields}
    permit = lens.permit.permit_id if lens.permit and plan is lens.base else ""
    return DecisionRecord(
        decision_id=str(uuid.uuid4()),
        at=int(clock().timestamp() * 1000),
        request_id=asked.request_id,
        caller=lens.caller.name,
        role=lens.caller.role.value,
        organisation=lens.caller.organisation,
        purpose=lens.purpose,
        relation=OWNER if plan is lens.own else PERMIT if lens.permit else NONE,
        permit_id=permit,
        action=asked.action,
        subject_key=asked.subject_key,
        outcome=DENY if not shown else PARTIAL if held_back else ALLOW,
        reasons=tuple(sorted(reasons)),
        records=tuple(one.row.record_key for one in shown),
        disclosed={name: tuple(sorted(fields)) for name, fields in disclosed.items()},
        withheld=held_back,
        plan_id=plan.plan_id,
        revision=plan.revision,
    )
