"""Fields that hold records: their parts have labels of their own, and never weaker ones than what holds them."""

from __future__ import annotations

from typing import Any

import pytest

from databus.contract.fields import fields_of, leaves_of, values_of
from databus.errors import BadContract
from databus.model.labels import Commercial, Privacy, Publication

LABELS = {"class": "PUBLIC", "commercial": "NONE", "privacy": "NONE", "zh": "甲", "en": "a"}


def field(name: str, avro: Any, **labels: str) -> dict[str, Any]:
    return {"name": name, "type": ["null", avro], "default": None, **LABELS, **labels}


def record(name: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields)}


def schema(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"fields": [{"name": "envelope", "type": "databus.Envelope"}, {"name": "payload", "type": record("T_payload", *fields)}]}


BATCH = record("T_batch", field("code", "string", maxLength=8), field("buyer", "string", **{"class": "AUTHORISED"}))
PERSON = record("T_person", field("phone", "string", privacy="SENSITIVE", mask="mobile"), field("asked", "boolean"))
HOLDING = schema(
    field("no", "string"),
    field("batches", {"type": "array", "items": BATCH}, commercial="CLAIMED"),
    field("reporter", PERSON, **{"class": "INTERNAL", "privacy": "PERSONAL"}),
    field("chosen", {"type": "map", "values": "boolean"}),
)


def test_leaves_are_the_fields_that_have_values() -> None:
    fields = fields_of(HOLDING, "T/v1.avsc")
    assert [one.kind for one in fields.values()] == ["string", "records", "record", "map"]
    assert list(leaves_of(fields)) == ["no", "batches.code", "batches.buyer", "reporter.phone", "reporter.asked", "chosen"]


def test_a_part_is_at_least_as_strict_as_what_holds_it() -> None:
    leaves = leaves_of(fields_of(HOLDING, "T/v1.avsc"))
    code, buyer = leaves["batches.code"], leaves["batches.buyer"]
    assert (code.publication, code.commercial) == (Publication.PUBLIC, Commercial.CLAIMED)
    assert (buyer.publication, buyer.commercial) == (Publication.AUTHORISED, Commercial.CLAIMED)
    phone, asked = leaves["reporter.phone"], leaves["reporter.asked"]
    assert (phone.publication, phone.privacy) == (Publication.INTERNAL, Privacy.SENSITIVE)
    assert (asked.publication, asked.privacy) == (Publication.INTERNAL, Privacy.PERSONAL)


def test_values_come_with_the_path_of_their_leaf() -> None:
    fields = fields_of(HOLDING, "T/v1.avsc")
    payload = {"no": "1", "batches": [{"code": "a"}, {"code": "b", "buyer": "x"}], "reporter": None, "chosen": {"a": True}, "newer": 1}
    assert list(values_of(fields, payload)) == [
        ("no", "1"),
        ("batches.code", "a"),
        ("batches.code", "b"),
        ("batches.buyer", "x"),
        ("chosen", {"a": True}),
        ("newer", 1),
    ]


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ({"name": "x", "type": ["null", "string"], "default": None, "zh": "甲", "en": "a"}, "batches.x of T/v1.avsc lacks a label"),
        (field("x", "double"), "batches.x of T/v1.avsc lacks a label or has a wrong one: contracts have no fields of type double"),
        (field("x", record("T_inner", field("y", "string"))), "batches.x of T/v1.avsc holds records inside a record"),
    ],
)
def test_a_part_that_may_not_be_is_named_by_its_path(part: dict[str, Any], wrong: str) -> None:
    with pytest.raises(BadContract, match=wrong):
        fields_of(schema(field("batches", {"type": "array", "items": record("T_batch", part)})), "T/v1.avsc")
