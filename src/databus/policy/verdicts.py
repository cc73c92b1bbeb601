"""OPA's answer read strictly: whatever is not exactly a verdict is no answer at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from databus.errors import PolicyUnavailable
from databus.model.disclosure import Action, ClassPlan, FieldRule
from databus.policy.masks import MASKS

_VERDICT = {"visible", "reasons", "fields", "obligations"}
_RULE = {"action", "mask", "reason"}


def read(result: object, asked: Collection[int]) -> dict[int, ClassPlan]:
    """One plan per class id that was asked for.

    Raises:
        PolicyUnavailable: the answer lacks a class, has one too many, or holds anything a verdict does not.
    """
    if not isinstance(result, Mapping):
        raise PolicyUnavailable("policy is undefined for this question", cause="undefined")
    if set(result) != {str(class_id) for class_id in asked}:
        raise PolicyUnavailable("policy did not answer for the classes asked about", cause="unexpected")
    try:
        return {int(class_id): _plan(verdict) for class_id, verdict in result.items()}
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise PolicyUnavailable("policy gave an unexpected answer", cause="unexpected") from error


def _plan(verdict: Any) -> ClassPlan:
    if set(verdict) != _VERDICT or not isinstance(verdict["visible"], bool):
        raise ValueError("not a verdict")
    fields = {_text(name): _rule(rule) for name, rule in verdict["fields"].items()}
    if not verdict["visible"] and fields:
        raise ValueError("a verdict that shows nothing names fields")
    return ClassPlan(verdict["visible"], _words(verdict["reasons"]), fields, _words(verdict["obligations"]))


def _rule(rule: Any) -> FieldRule:
    if set(rule) != _RULE:
        raise ValueError("not a rule for a field")
    return _known_rule(_text(rule["action"]), _text(rule["mask"]), _text(rule["reason"]))


# A plan has tens of thousands of rules and few different ones.
@lru_cache(maxsize=1024)
def _known_rule(word: str, mask: str, reason: str) -> FieldRule:
    action = Action(word)
    if action is Action.MASK and mask not in MASKS:
        raise ValueError("a mask nobody knows")
    if action is Action.DROP and not reason:
        raise ValueError("withheld without a reason")
    return FieldRule(action, mask, reason)


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return tuple(_text(word) for word in value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value
