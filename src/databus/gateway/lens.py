"""What one caller may see: the plan in force, and for a department a second one for the records it owns (design 9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from databus.model.disclosure import ANONYMOUS, Action, Caller, ClassPlan, Disclosed, Permit, Plan, Role
from databus.model.labels import LabelClass, SubjectKind
from databus.ports import Planner
from databus.store.rows import RecordRow

NONE, OWNER, PERMIT = "none", "owner", "permit"
OPEN_KINDS = frozenset({SubjectKind.ORGANISATION, SubjectKind.HOUSEHOLD})
"""Whom the open pages and datasets list. Natural persons are looked up one by one, never browsed."""


@dataclass(frozen=True)
class Lens:
    """The plans for one caller and subject. `classes` are those policy was asked about, by id."""

    caller: Caller
    purpose: str
    permit: Permit | None
    base: Plan
    own: Plan | None
    classes: Mapping[int, LabelClass]
    kinds: frozenset[SubjectKind]

    def plan_of(self, class_id: int) -> Plan:
        """The plan that judges records of this class."""
        label = self.classes.get(class_id)
        if self.own is not None and label is not None and label.owner == self.caller.organisation:
            return self.own
        return self.base

    def verdict(self, class_id: int) -> ClassPlan | None:
        """What is decided of a class; None where nothing was, which means no."""
        label = self.classes.get(class_id)
        return self.plan_of(class_id).classes.get(class_id) if label is not None and label.subject_kind in self.kinds else None

    @property
    def allowed(self) -> tuple[int, ...]:
        """Ids of the classes this caller may see anything of: the row filter."""
        return tuple(class_id for class_id in self.classes if (verdict := self.verdict(class_id)) is not None and verdict.visible)

    def clear(self, fields: Collection[str]) -> dict[str, tuple[int, ...]]:
        """The visible classes in which each field leaves as it is: only there may it filter or sort."""
        verdicts = {class_id: verdict for class_id in self.allowed if (verdict := self.verdict(class_id)) is not None}
        return {name: tuple(class_id for class_id, verdict in verdicts.items() if _kept(verdict, name)) for name in fields}

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Every plan that took part."""
        return (self.base,) if self.own is None else (self.base, self.own)

    def withheld_types(self) -> dict[str, tuple[str, ...]]:
        """Per record type the reasons for which records of it may be missing: whoever it is about, and whatever there is."""
        found: dict[str, set[str]] = {}
        for class_id in self.base.possible:
            verdict = self.verdict(class_id)
            if verdict is not None and not verdict.visible:
                found.setdefault(self.classes[class_id].record_type, set()).update(verdict.reasons)
        return {name: tuple(sorted(reasons)) for name, reasons in sorted(found.items())}


def _kept(verdict: ClassPlan, name: str) -> bool:
    rule = verdict.fields.get(name)
    return rule is not None and rule.action is Action.KEEP


@dataclass(frozen=True)
class Shown:
    """One record as this caller may have it. `plan` decided it."""

    row: RecordRow
    disclosed: Disclosed
    plan: Plan


async def look(planner: Planner, caller: Caller, *, purpose: str, permit: Permit | None = None) -> Lens:
    """Decide: the lens for an authorised caller.

    Raises:
        PolicyUnavailable: no plan can be had; nothing may be read.
    """
    base = await planner.plan(caller, purpose=purpose, relation=PERMIT if permit else NONE, permit=permit)
    own = None
    if caller.role is Role.DEPARTMENT and caller.organisation:
        own = await planner.plan(caller, purpose=purpose, relation=OWNER, permit=None)
    return Lens(caller, purpose, permit, base, own, labels_of(base, own), frozenset(SubjectKind))


async def look_publicly(planner: Planner) -> Lens:
    """Decide: the lens for everybody, through which the portal and the datasets are seen by whoever asks.

    Raises:
        PolicyUnavailable: as above.
    """
    base = await planner.plan(ANONYMOUS, purpose="", relation=NONE, permit=None)
    return Lens(ANONYMOUS, "", None, base, None, labels_of(base, None), OPEN_KINDS)


def labels_of(base: Plan, own: Plan | None) -> dict[int, LabelClass]:
    """The classes policy was asked about, by id."""
    asked = (*base.question.classes, *(own.question.classes if own else ()))
    return {label.class_id: label for label in asked}


def cut(planner: Planner, lens: Lens, row: RecordRow) -> Shown | None:
    """Redact: one record cut by the plan that judges its class; None where it may not be known to exist."""
    verdict = lens.verdict(row.class_id)
    if verdict is None or not verdict.visible:
        return None
    plan = lens.plan_of(row.class_id)
    return Shown(row, planner.redact(plan, row.class_id, row.payload or {}), plan)
