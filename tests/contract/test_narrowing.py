"""What a record's content says about who may see it, as data of its type."""

from __future__ import annotations

from typing import Any

import pytest

from databus.contract.narrowing import narrowed, narrowings
from databus.errors import BadContract
from databus.model.labels import Publication

FIELDS = ("grade", "assets", "equity", "chosen")
GRADE = {"when": {"not": {"field": "payload.grade", "equals": "A"}}, "to": "AUTHORISED", "citation": "a law"}
CHOICE = {
    "fields": ["assets", "equity"],
    "when": {"not": {"field": "payload.chosen.{field}", "equals": True}},
    "to": "AUTHORISED",
    "citation": "a law",
}
FLAG = {"when": {"field": "payload.grade", "in": ["B"]}, "flag": "unverified", "citation": "a law"}


def told(*rules: dict[str, Any], **payload: Any) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    made = narrowed(narrowings(rules, FIELDS, "T/type.yaml"), {"payload": payload, "envelope": {}})
    return made.publication, made.fields, made.flags


def test_a_record_is_narrowed_by_its_own_content() -> None:
    assert told(GRADE, grade="A") == (Publication.PUBLIC, (), ())
    assert told(GRADE, grade="C") == (Publication.AUTHORISED, (), ())
    assert told(GRADE) == (Publication.AUTHORISED, (), ()), "what does not say A is not open"


def test_each_field_is_narrowed_by_its_own_choice() -> None:
    assert told(CHOICE, chosen={"assets": True, "equity": True}) == (Publication.PUBLIC, (), ())
    assert told(CHOICE, chosen={"assets": True}) == (Publication.PUBLIC, ("equity:AUTHORISED",), ())
    assert told(CHOICE, chosen=None) == (Publication.PUBLIC, ("assets:AUTHORISED", "equity:AUTHORISED"), ())


def test_a_flag_narrows_nothing() -> None:
    assert told(FLAG, grade="B") == (Publication.PUBLIC, (), ("unverified",))
    assert told(FLAG, grade="A") == (Publication.PUBLIC, (), ())


def test_two_rules_leave_what_both_allow() -> None:
    shared = {"fields": ["assets"], "when": {}, "to": "GOV_SHARED", "citation": "a law"}
    assert told(GRADE, {**shared, "when": {"field": "payload.grade", "present": False}}, CHOICE)[1] == ("assets", "equity:AUTHORISED")
    internal = {"when": {"field": "payload.grade", "equals": "D"}, "to": "GOV_SHARED", "citation": "a law"}
    assert told(GRADE, internal, grade="D")[0] == Publication.INTERNAL


@pytest.mark.parametrize(
    "rule",
    [
        {**GRADE, "to": "OPEN"},
        {**GRADE, "citation": ""},
        {**GRADE, "why": "so"},
        {"when": {"field": "payload.grade", "equals": "A"}, "citation": "a law"},
        {**GRADE, "fields": ["colour"]},
        {**GRADE, "when": {"field": "payload.grade", "resembles": "A"}},
        {"to": "AUTHORISED", "citation": "a law"},
    ],
)
def test_a_rule_that_cannot_be_meant_does_not_load(rule: dict[str, Any]) -> None:
    with pytest.raises((BadContract, KeyError, ValueError)):
        narrowings([rule], FIELDS, "T/type.yaml")
