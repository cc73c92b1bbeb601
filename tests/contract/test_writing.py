"""What is written by hand is what fastavro writes, or is left to fastavro."""

from __future__ import annotations

import dataclasses
import io
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pytest
from fastavro.schema import SchemaParseException
from hypothesis import given
from hypothesis import strategies as st

from databus.contract import catalogue, wire
from databus.contract.codec import HEAD, Codec
from databus.contract.compiling import Unsure
from databus.contract.schemas import latest, self_contained
from databus.contract.writing import DOUBTS, writer_of
from databus.errors import Undecodable
from databus.model.change import Change
from databus.model.clock import Release, Tick
from databus.model.disclosure import DecisionRecord, Permit
from databus.model.event import Event
from databus.model.finding import Answer, Finding
from typed import example

CONTRACT = catalogue.load(Path(__file__).parents[2] / "schemas")
CODEC = CONTRACT.codec()
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 6}
DATE = {"type": "int", "logicalType": "date"}
PART = {
    "type": "record",
    "name": "P",
    "fields": [{"name": "day", "type": ["null", DATE], "default": None}, {"name": "no", "type": ["null", "string"], "default": None}],
}
ENUM = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
TYPES: tuple[Any, ...] = (
    "string",
    "boolean",
    "int",
    "long",
    "bytes",
    DATE,
    DECIMAL,
    ENUM,
    {"type": "array", "items": "string"},
    {"type": "map", "values": "string"},
    {"type": "map", "values": "boolean"},
    PART,
    {"type": "array", "items": PART},
)
PARTS = st.fixed_dictionaries({}, optional={"day": st.dates() | st.none(), "no": st.text(max_size=3) | st.integers(0, 9)})
ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-300, 300),
    st.text(max_size=5),
    st.integers(4090, 4100).map(lambda size: "é" * size),
    st.binary(max_size=5),
    st.dates(),
    st.datetimes(),
    st.decimals(allow_nan=True),
    st.decimals(-(10**13), 10**13, places=6),
    st.sampled_from([Decimal("-0.000128"), Decimal("-0"), Decimal("1E+3"), "A", "C", "\ud800", 1.5]),
    st.lists(st.text(max_size=3), max_size=3),
    st.lists(st.text(max_size=3), max_size=3).map(tuple),
    st.sampled_from([("a", 1), ("a", None), ("a", "\ud800"), (b"a",), ("字" * 9000, "")]),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.booleans(), max_size=3),
    PARTS,
    st.lists(PARTS, max_size=3),
)


def by_fastavro(schema: Any, value: Any) -> bytes | None:
    out = io.BytesIO()
    try:
        fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(json.dumps(schema))), value)
    except (*DOUBTS, EOFError, SchemaParseException):
        return None
    return out.getvalue()


@pytest.mark.parametrize("inner", TYPES, ids=str)
@given(value=ANY)
def test_a_field_is_written_as_fastavro_writes_it_or_not_at_all(inner: Any, value: Any) -> None:
    for kind in (inner, ["null", inner]):
        schema = {"type": "record", "name": "R", "namespace": "n", "fields": [{"name": "f", "type": kind}]}
        try:
            written = writer_of(schema)({"f": value})
        except DOUBTS:
            continue
        # To fastavro a tuple in a union names a branch; nouns have their lists as tuples.
        assert written == by_fastavro(schema, {"f": list(value) if isinstance(value, tuple) else value})


@pytest.mark.parametrize("schema", [["string", "null"], ["null", "int", "string"], "double", {"type": "fixed", "size": 2, "name": "F"}])
def test_what_contracts_do_not_have_is_left_to_fastavro(schema: Any) -> None:
    with pytest.raises(Unsure):
        writer_of(schema)


def test_every_shipped_schema_has_a_writer() -> None:
    for schema in CONTRACT.schemas:
        assert writer_of(json.loads(self_contained(schema, CONTRACT.schemas)))


@pytest.mark.parametrize("name", sorted(CONTRACT.types))
def test_a_shipped_example_is_written_to_the_same_bytes(name: str) -> None:
    record_type = CONTRACT.types[name]
    raw = example(record_type)
    text = json.loads(self_contained(latest(CONTRACT.schemas, record_type.full_name), CONTRACT.schemas))
    assert CODEC.encode(record_type.full_name, raw)[HEAD:] == writer_of(text)(raw) == by_fastavro(text, raw)


def test_a_missing_member_takes_its_default_and_one_without_is_left_to_fastavro() -> None:
    fields = [{"name": "a", "type": "string"}, {"name": "b", "type": ["null", "string"], "default": None}]
    schema = {"type": "record", "name": "R", "namespace": "n", "fields": fields}
    assert writer_of(schema)({"a": "x"}) == by_fastavro(schema, {"a": "x"})
    with pytest.raises(DOUBTS):
        writer_of(schema)({"b": "x"})


@dataclass
class Held:
    day: Any
    no: Any


@dataclass
class Noun:
    f: Any
    held: Held


@given(st.sampled_from(TYPES[:-2]), ANY, ANY)
def test_a_noun_is_written_as_the_mapping_of_its_fields_is(inner: Any, value: Any, no: Any) -> None:
    fields = [{"name": "f", "type": ["null", inner]}, {"name": "held", "type": PART}]
    codec = Codec({1: json.dumps({"type": "record", "name": "R", "namespace": "n", "fields": fields})})
    noun = Noun(value, Held(None, no))
    try:
        expected = codec.encode("n.R", asdict(noun))
    except Undecodable:
        with pytest.raises(Undecodable):
            codec.encode_noun("n.R", noun)
    else:
        assert codec.encode_noun("n.R", noun) == expected


def test_a_field_may_lie_under_another_name_and_one_that_lies_nowhere_has_its_default() -> None:
    fields = [{"name": "n", "type": "string"}, {"name": "later", "type": "string", "default": "x"}]
    schema = {"type": "record", "name": "R", "namespace": "n", "fields": fields}
    codec, noun = Codec({1: json.dumps(schema)}), Noun("f", Held(None, "inner"))
    assert codec.decode(codec.encode_noun("n.R", noun, (("n", "held.no"),)))[1] == {"n": "inner", "later": "x"}
    both = (("n", "held.no"), ("later", "f"))
    assert codec.encode_noun("n.R", noun, both) == codec.encode("n.R", {"n": "inner", "later": "f"})


NOUNS = {"Decision": DecisionRecord} | {
    noun.__name__: noun for noun in (Change, Event, wire.Register, Finding, Answer, Permit, Tick, Release)
}


@pytest.mark.parametrize("name", NOUNS)
def test_a_noun_of_the_line_has_what_its_schema_asks_for(name: str) -> None:
    """Without one of them all would be left to fastavro, which takes many times as long."""
    schema = json.loads(self_contained(latest(CONTRACT.schemas, f"databus.{name}"), CONTRACT.schemas))
    assert writer_of(schema, places={})
    assert {one["name"] for one in schema["fields"]} <= {field.name for field in dataclasses.fields(NOUNS[name])}


def test_an_instant_is_no_day() -> None:
    with pytest.raises(Unsure):
        writer_of(DATE)(datetime(2026, 1, 1))
