"""Cutting records by a plan. What is not expressly kept or masked does not leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from databus.contract.fields import STEP, Field
from databus.model.disclosure import Action, ClassPlan, Disclosed, FieldRule, Plan
from databus.policy.masks import MASKS

UNKNOWN, MASKED = "DENY_UNKNOWN_CLASS", "MASKED_PERSONAL"


def fit(verdict: ClassPlan, fields: Mapping[str, Field] | None) -> ClassPlan:
    """The verdict over the contract's fields and parts of records by their paths, in their order; what policy did not name is
    withheld.

    Only text is masked: a field of any other kind is withheld instead, whatever its value.
    """
    if not verdict.visible:
        return verdict
    if fields is None:
        return ClassPlan(False, (UNKNOWN,))
    rules = {name: _fitting(verdict.fields.get(name), field) for name, field in fields.items()}
    return ClassPlan(True, verdict.reasons, rules, verdict.obligations)


def redact(plan: Plan, class_id: int, payload: Mapping[str, Any]) -> Disclosed:
    """One record cut by the plan: a kept field without a value is None, a withheld one is absent and named by its path.

    Which fields are withheld depends on the class alone, never on the values.
    """
    verdict = plan.classes.get(class_id)
    if verdict is None:
        return Disclosed({}, {}, (UNKNOWN,))
    if not verdict.visible:
        return Disclosed({}, {}, verdict.reasons)
    fields: dict[str, object] = {}
    withheld: dict[str, str] = {}
    parts: dict[str, dict[str, FieldRule]] = {}
    for path, rule in verdict.fields.items():
        name, step, part = path.partition(STEP)
        if rule.action is Action.DROP:
            withheld[path] = rule.reason
        elif step:
            fields[name] = parts.setdefault(name, {})[part] = rule
        else:
            fields[name] = _shown(payload.get(name), rule)
    for name, rules in parts.items():
        fields[name] = _records(payload.get(name), rules)
    return Disclosed(fields, withheld, verdict.reasons, verdict.obligations)


def _shown(value: object, rule: FieldRule) -> object:
    return value if rule.action is Action.KEEP or value is None else MASKS[rule.mask](str(value))


def _records(held: object, rules: Mapping[str, FieldRule]) -> object:
    """A record, or each of several, with the parts that are not withheld."""
    if isinstance(held, list):
        return [_records(each, rules) for each in held]
    return {part: _shown(held.get(part), rule) for part, rule in rules.items()} if isinstance(held, Mapping) else None


def _fitting(rule: FieldRule | None, field: Field) -> FieldRule:
    if rule is None:
        return FieldRule(Action.DROP, reason=UNKNOWN)
    if rule.action is Action.MASK and field.kind != "string":
        return FieldRule(Action.DROP, reason=MASKED)
    return rule
