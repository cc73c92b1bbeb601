"""What is read by hand is what fastavro reads, or is left to fastavro: whatever the bytes are."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import fastavro
import hypothesis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import typed
from contract.drawn import values
from contract.test_writing import ANY, TYPES, by_fastavro
from databus.contract import catalogue
from databus.contract.compiling import Unsure
from databus.contract.decimals import amounts_of
from databus.contract.reading import reader_of
from databus.contract.schemas import Schema, latest, self_contained
from databus.contract.writing import DOUBTS, writer_of

CONTRACT = catalogue.load(Path(__file__).parents[2] / "schemas")
READABLE = [inner for inner in TYPES if not (isinstance(inner, dict) and inner.get("logicalType") == "decimal")]


def record(inner: Any) -> dict[str, Any]:
    fields = [{"name": "f", "type": inner}, {"name": "g", "type": ["null", inner if isinstance(inner, str) else "long"]}]
    return {"type": "record", "name": "R", "namespace": "n", "fields": fields}


def by_reference(schema: Any, data: bytes) -> tuple[Any, int] | None:
    body = io.BytesIO(data)
    try:
        value = fastavro.schemaless_reader(body, fastavro.parse_schema(json.loads(json.dumps(schema))), None)
    except (*DOUBTS, EOFError, OverflowError, MemoryError):
        return None
    return value, body.tell()


def by_hand(schema: Any, data: bytes) -> tuple[Any, int] | None:
    try:
        value, end = reader_of(schema)(data, 0)
    except DOUBTS:
        return None
    # A place behind the end is what the codec takes for a doubt.
    return (value, end) if end <= len(data) else None


@pytest.mark.parametrize("inner", READABLE, ids=str)
@given(data=st.binary(max_size=24))
def test_any_bytes_are_what_fastavro_says_or_left_to_it(inner: Any, data: bytes) -> None:
    found = by_hand(record(inner), data)
    assert found is None or found == by_reference(record(inner), data)


@pytest.mark.parametrize("inner", READABLE, ids=str)
@given(value=ANY)
@hypothesis.example(value=2**62)
def test_what_fastavro_has_written_is_read(inner: Any, value: Any) -> None:
    data = by_fastavro(record(inner), {"f": value, "g": None})
    if data is not None and by_reference(record(inner), data) is not None:
        assert by_hand(record(inner), data) == by_reference(record(inner), data)


@pytest.mark.parametrize(
    "schema", [["string", "null"], {"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}]}, "double", "null"]
)
def test_what_contracts_do_not_have_is_left_to_fastavro(schema: Any) -> None:
    with pytest.raises(Unsure):
        reader_of(schema)


def test_every_shipped_schema_has_a_reader() -> None:
    for schema in CONTRACT.schemas:
        assert reader_of(amounts_of(json.loads(self_contained(schema, CONTRACT.schemas)))[0])


@pytest.mark.parametrize("schema", CONTRACT.schemas, ids=lambda schema: f"{schema.name}-{schema.version}")
@settings(max_examples=20)
@given(data=st.data())
def test_values_of_every_shipped_schema_are_read_and_written_as_fastavro_does(schema: Schema, data: st.DataObject) -> None:
    whole = json.loads(self_contained(schema, CONTRACT.schemas))
    value = data.draw(values(whole))
    written = by_fastavro(whole, value)
    assert written is not None and writer_of(whole)(value) == written
    assert by_hand(whole, written) == by_reference(whole, written)


@pytest.mark.parametrize("name", sorted(CONTRACT.types))
@given(place=st.integers(0, 2_000), byte=st.integers(0, 255), cut=st.integers(0, 2_000))
def test_a_damaged_example_is_what_fastavro_says_or_left_to_it(name: str, place: int, byte: int, cut: int) -> None:
    schema, whole = example(name)
    assert by_hand(schema, whole) == by_reference(schema, whole)
    damaged = bytearray(whole)
    damaged[place % len(whole)] = byte
    found = by_hand(schema, bytes(damaged[: cut or None]))
    assert found is None or found == by_reference(schema, bytes(damaged[: cut or None]))


@cache
def example(name: str) -> tuple[Any, bytes]:
    """The schema of a type, its decimals as bytes, and its shipped example under it."""
    text = json.loads(self_contained(latest(CONTRACT.schemas, CONTRACT.types[name].full_name), CONTRACT.schemas))
    raw = typed.example(CONTRACT.types[name])
    data = by_fastavro(text, raw)
    assert data is not None
    return amounts_of(text)[0], data
