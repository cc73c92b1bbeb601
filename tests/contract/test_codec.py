"""Framed Avro: what comes back, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.contract.codec import Codec
from databus.errors import Undecodable, UnknownSchema


def text(*fields: dict[str, object]) -> str:
    return json.dumps({"type": "record", "name": "Fact", "namespace": "databus", "fields": list(fields)})


ONE = text({"name": "a", "type": "string"})
TWO = text({"name": "a", "type": "string"}, {"name": "b", "type": ["null", "long"], "default": None})


def test_the_frame_is_confluents() -> None:
    assert Codec({7: ONE}).encode("databus.Fact", {"a": "x"}) == b"\x00\x00\x00\x00\x07\x02x"


def test_an_older_writer_is_read_in_the_latest_shape() -> None:
    written = Codec({1: ONE}).encode("databus.Fact", {"a": "x"})
    assert Codec({1: ONE, 2: TWO}).decode(written) == ("databus.Fact", {"a": "x", "b": None})


def test_the_latest_version_is_written() -> None:
    assert Codec({1: ONE, 2: TWO}).encode("databus.Fact", {"a": "x"})[:5] == b"\x00\x00\x00\x00\x02"


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"\x01\x00\x00\x00\x01\x02x", b"\x00\x00\x00\x00\x01", b"\x00\x00\x00\x00\x01\x04x", b"\x00\x00\x00\x00\x01\x02xy"],
)
def test_what_is_not_the_schema_to_its_last_byte_is_undecodable(data: bytes) -> None:
    with pytest.raises(Undecodable):
        Codec({1: ONE}).decode(data)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        name, value = Codec({1: TWO}).decode(data)
    except (Undecodable, UnknownSchema):
        return
    assert name == "databus.Fact" and set(value) == {"a", "b"}


def test_a_length_that_the_body_does_not_have_costs_nothing() -> None:
    with pytest.raises(Undecodable):
        Codec({1: ONE}).decode(b"\x00\x00\x00\x00\x01" + b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01")


def test_an_unknown_id_asks_the_registry_once_in_a_while() -> None:
    asked: list[int] = []

    def refresh() -> Mapping[int, str]:
        asked.append(1)
        return {1: ONE, 2: TWO} if len(asked) > 1 else {1: ONE}

    codec = Codec({1: ONE}, refresh, rest=3600.0)
    for number in (2, 3, 4):
        with pytest.raises(UnknownSchema):
            codec.decode(b"\x00\x00\x00\x00" + bytes([number]) + b"\x02x\x00")
    assert len(asked) == 1
    eager = Codec({1: ONE}, refresh, rest=0.0)
    assert eager.decode(b"\x00\x00\x00\x00\x02\x02x\x00")[1] == {"a": "x", "b": None}


def test_a_value_that_does_not_fit_is_named() -> None:
    with pytest.raises(Undecodable, match=r"databus\.Fact"):
        Codec({1: ONE}).encode("databus.Fact", {"a": 5})
    with pytest.raises(UnknownSchema):
        Codec({1: ONE}).encode("databus.Other", {})
