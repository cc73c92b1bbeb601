"""Cutting records by a plan. What is not expressly kept or masked does not leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from databus.contract.fields import Field
from databus.model.disclosure import Action, ClassPlan, Disclosed, FieldRule, Plan
from databus.policy.masks import MASKS

UNKNOWN, MASKED = "DENY_UNKNOWN_CLASS", "MASKED_PERSONAL"


def fit(verdict: ClassPlan, fields: Mapping[str, Field] | None) -> ClassPlan:
    """The verdict over the fields of the contract, in their order; what policy did not name is withheld.

    Only text is masked: a field of any other kind is withheld instead, whatever its value.
    """
    if not verdict.visible:
        return verdict
    if fields is None:
        return ClassPlan(False, (UNKNOWN,))
    rules = {name: _fitting(verdict.fields.get(name), field) for name, field in fields.items()}
    return ClassPlan(True, verdict.reasons, rules, verdict.obligations)


def redact(plan: Plan, class_id: int, payload: Mapping[str, Any]) -> Disclosed:
    """One record cut by the plan: a kept field without a value is None, a withheld one is absent and named.

    Which fields are withheld depends on the class alone, never on the values.
    """
    verdict = plan.classes.get(class_id)
    if verdict is None:
        return Disclosed({}, {}, (UNKNOWN,))
    if not verdict.visible:
        return Disclosed({}, {}, verdict.reasons)
    fields: dict[str, object] = {}
    withheld: dict[str, str] = {}
    for name, rule in verdict.fields.items():
        if rule.action is Action.KEEP:
            fields[name] = payload.get(name)
        elif rule.action is Action.MASK:
            value = payload.get(name)
            fields[name] = None if value is None else MASKS[rule.mask](str(value))
        else:
            withheld[name] = rule.reason
    return Disclosed(fields, withheld, verdict.reasons, verdict.obligations)


def _fitting(rule: FieldRule | None, field: Field) -> FieldRule:
    if rule is None:
        return FieldRule(Action.DROP, reason=UNKNOWN)
    if rule.action is Action.MASK and field.kind != "string":
        return FieldRule(Action.DROP, reason=MASKED)
    return rule
