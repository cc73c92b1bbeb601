"""A planner that follows a small table instead of OPA, and the trail and counter beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from databus.errors import PolicyUnavailable
from databus.model.disclosure import Action, Caller, ClassPlan, Disclosed, FieldRule, Permit, Plan, Question
from databus.model.labels import LabelClass

Verdict = Callable[[Question, LabelClass], ClassPlan]
"""What policy would say of one class."""


@dataclass
class TablePlanner:
    """`ports.Planner` over a verdict function. `away` makes it fail as a lost OPA does; `log` names what it did."""

    verdict: Verdict
    classes: Callable[[], tuple[LabelClass, ...]]
    clock: Callable[[], datetime]
    possible: tuple[LabelClass, ...] = ()
    revision: str = "r1"
    away: bool = False
    log: list[str] = field(default_factory=list)

    async def plan(self, caller: Caller, *, purpose: str, relation: str, permit: Permit | None) -> Plan:
        """The plan by the table."""
        self.log.append("decide")
        if self.away:
            raise PolicyUnavailable("OPA does not answer")
        occurring = (known for known in self.classes() if known not in self.possible)
        question = Question(caller, purpose, relation, permit, self.clock().date(), (*self.possible, *occurring))
        plans = {label.class_id: self.verdict(question, label) for label in question.classes}
        plan_id = hashlib.sha256(repr((question, self.revision)).encode()).hexdigest()[:32]
        ids = tuple(known.class_id for known in self.possible)
        return Plan(plan_id, self.revision, question, plans, self.clock() + timedelta(minutes=1), ids)

    def redact(self, plan: Plan, class_id: int, payload: Mapping[str, Any]) -> Disclosed:
        """One record cut by the plan: kept fields as they are, masked ones as stars, dropped ones named."""
        self.log.append("redact")
        verdict = plan.classes.get(class_id, hide("DENY_UNKNOWN_CLASS"))
        fields: dict[str, object] = {}
        withheld: dict[str, str] = {}
        for name, rule in verdict.fields.items():
            if rule.action is Action.DROP:
                withheld[name] = rule.reason
            else:
                fields[name] = payload.get(name) if rule.action is Action.KEEP else _stars(payload.get(name))
        return Disclosed(fields, withheld, verdict.reasons, verdict.obligations)


def keep(fields: tuple[str, ...], *, reason: str, drop: Mapping[str, str] | None = None, mask: tuple[str, ...] = ()) -> ClassPlan:
    """A visible class: `drop` maps fields to reasons, `mask` names those shown as stars, the rest is kept."""
    rules = {name: FieldRule(Action.KEEP) for name in fields}
    rules |= {name: FieldRule(Action.MASK, mask="stars", reason="MASKED_PERSONAL") for name in mask}
    rules |= {name: FieldRule(Action.DROP, reason=why) for name, why in (drop or {}).items()}
    return ClassPlan(True, (reason,), {name: rules[name] for name in (*fields, *(set(rules) - set(fields)))})


def hide(*reasons: str) -> ClassPlan:
    """A class no record of which exists."""
    return ClassPlan(False, reasons)


def _stars(value: object) -> object:
    return None if value is None else str(value)[:1] + "***"
