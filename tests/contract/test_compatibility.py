"""New versions of a schema: what is refused, and that what is allowed can really be read."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databus.contract import compatibility
from databus.contract.schemas import Schema, read_schemas
from databus.errors import BadContract

LABELS = {"class": "PUBLIC", "commercial": "NONE", "privacy": "NONE"}
DATE = {"type": "int", "logicalType": "date"}
MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}


def field(name: str, avro: Any = "string", **labels: str) -> dict[str, Any]:
    return {"name": name, "type": ["null", avro], "default": None, **LABELS, **labels}


def schema(*fields: dict[str, Any]) -> str:
    payload = {"type": "record", "name": "T_payload", "fields": list(fields)}
    return json.dumps({"type": "record", "name": "T", "namespace": "databus", "fields": [{"name": "payload", "type": payload}]})


V1 = schema(field("a"), field("on", DATE), field("sum", MONEY), field("id_no", mask="id_default"))


def changed(change: Callable[[list[dict[str, Any]]], None]) -> str:
    raw = json.loads(V1)
    change(raw["fields"][0]["type"]["fields"])
    return json.dumps(raw)


def test_the_same_again_and_a_new_field_with_a_default_may_come() -> None:
    assert compatibility.check([], V1) == []
    assert compatibility.check([V1], V1) == []
    assert compatibility.check([V1], changed(lambda fields: fields.append(field("b")))) == []
    assert compatibility.check([V1], changed(lambda fields: fields.pop(0))) == []


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        (lambda fields: fields.append({"name": "b", "type": "string", **LABELS}), "payload.b", "no default"),
        (lambda fields: fields[0].update(type=["null", "long"]), "payload.a", "type changed"),
        (lambda fields: fields[1].update(type=["null", "int"]), "payload.on", "mean something else"),
        (lambda fields: fields[2].update(type=["null", {**MONEY, "scale": 6}]), "payload.sum", "mean something else"),
        (lambda fields: fields[3].pop("mask"), "payload.id_no", "mask id_default was taken away"),
        (
            lambda fields: fields.append({"name": "b", "type": ["null", "string"], "default": None}),
            "payload.b",
            "no label class, commercial, privacy",
        ),
    ],
)
def test_what_is_refused_names_path_reason_and_fix(change: Callable[[list[dict[str, Any]]], None], path: str, reason: str) -> None:
    breach = next(one for one in compatibility.check([V1], changed(change)) if one.path == path)
    assert reason in breach.reason and breach.fix


@pytest.mark.parametrize(
    ("label", "was", "now", "lowered"),
    [
        ("class", "AUTHORISED", "PUBLIC", True),
        ("class", "INTERNAL", "GOV_SHARED", True),
        ("class", "AUTHORISED", "GOV_SHARED", True),
        ("class", "PUBLIC", "AUTHORISED", False),
        ("class", "GOV_SHARED", "INTERNAL", False),
        ("commercial", "CONFIRMED", "NONE", True),
        ("commercial", "NONE", "CLAIMED", False),
        ("privacy", "SENSITIVE", "PERSONAL", True),
        ("privacy", "NONE", "PERSONAL", False),
    ],
)
def test_no_version_lowers_a_label(label: str, was: str, now: str, lowered: bool) -> None:
    breaches = compatibility.check([schema(field("a", **{label: was}))], schema(field("a", **{label: now})))
    assert bool(breaches) == lowered
    assert not lowered or f"{label} was lowered from {was} to {now}" in breaches[0].reason


def holding(*parts: dict[str, Any]) -> str:
    return schema(field("moves", {"type": "array", "items": {"type": "record", "name": "T_move", "fields": list(parts)}}))


@pytest.mark.parametrize(
    ("parts", "path", "reason"),
    [
        (
            [
                {**field("on", DATE), "class": "PUBLIC"},
                field("to", **{"class": "AUTHORISED"}),
                {"name": "x", "type": ["null", "string"], "default": None},
            ],
            "payload.moves.x",
            "no label class",
        ),
        ([field("on", DATE), field("to")], "payload.moves.to", "class was lowered from AUTHORISED to PUBLIC"),
        ([field("on", ["int"][0]), field("to", **{"class": "AUTHORISED"})], "payload.moves.on", "mean something else"),
        ([field("on", DATE), field("to", "long", **{"class": "AUTHORISED"})], "payload.moves.to", "type changed"),
    ],
)
def test_a_part_of_a_record_is_held_like_a_field(parts: list[dict[str, Any]], path: str, reason: str) -> None:
    old = holding(field("on", DATE), field("to", **{"class": "AUTHORISED"}))
    assert compatibility.check([old], old) == []
    breaches = compatibility.check([old], holding(*parts))
    assert any(one.path == path and reason in one.reason and one.fix for one in breaches), breaches


def test_a_field_that_left_comes_back_as_strict_as_it_was() -> None:
    versions = [schema(field("a"), field("b", **{"class": "INTERNAL"})), schema(field("a"))]
    assert compatibility.check(versions, schema(field("a"), field("b")))
    assert compatibility.check(versions, schema(field("a"), field("b", **{"class": "INTERNAL"}))) == []


def test_versions_of_a_folder_are_checked_in_order() -> None:
    second = Schema("databus.T", 2, changed(lambda fields: fields[0].update(type=["null", "long"])), ())
    with pytest.raises(BadContract, match=r"T/v2\.avsc cannot stand: payload\.a: its type changed") as caught:
        compatibility.require([second, Schema("databus.T", 1, V1, ())])
    assert caught.value.facts["path"] == "payload.a"


def test_the_shipped_schemas_may_stand() -> None:
    compatibility.require(read_schemas(Path(__file__).parents[2] / "schemas"))


TYPES = st.sampled_from(["string", "int", "long", "boolean", DATE, MONEY, {"type": "array", "items": "string"}])
FIELDS = st.dictionaries(st.sampled_from("abcd"), TYPES, min_size=1)


@settings(max_examples=60)
@given(FIELDS, FIELDS)
def test_what_avro_allows_fastavro_reads(old: dict[str, Any], new: dict[str, Any]) -> None:
    writer, reader = (schema(*(field(name, avro) for name, avro in fields.items())) for fields in (old, new))
    if compatibility.check([writer], reader):
        return
    body = io.BytesIO()
    fastavro.schemaless_writer(body, json.loads(writer), {"payload": dict.fromkeys(old)})
    body.seek(0)
    read = fastavro.schemaless_reader(body, copy.deepcopy(json.loads(writer)), json.loads(reader))
    assert isinstance(read, dict) and read["payload"] == dict.fromkeys(new)
