"""Amounts are read by size: a hostile one is refused at once, a right one keeps its scale."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.contract.codec import HEAD, Codec
from databus.contract.decimals import amounts_of, restore
from databus.contract.reading import reader_of
from databus.contract.writing import DOUBTS
from databus.errors import Undecodable

PAYLOAD = {
    "type": "record",
    "name": "FACT_payload",
    "fields": [
        {
            "name": "amount",
            "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}],
            "default": None,
        }
    ],
}
SCHEMA = json.dumps({"type": "record", "name": "FACT", "namespace": "databus", "fields": [{"name": "payload", "type": PAYLOAD}]})


def framed(number: bytes) -> bytes:
    size, length = len(number) << 1, b""
    while size > 0x7F:
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    return b"\x00\x00\x00\x00\x01\x02" + length + bytes([size]) + number


@pytest.mark.parametrize("text", ["0.00", "2000.00", "-0.01", "9999999999999999.99", "-9999999999999999.99"])
def test_amount_comes_back_with_its_scale(text: str) -> None:
    codec = Codec({1: SCHEMA})
    value = {"payload": {"amount": Decimal(text)}}
    found = codec.decode(codec.encode("databus.FACT", value))[1]["payload"]["amount"]
    assert format(found, "f") == text


LINES = {
    "name": "lines",
    "type": ["null", {"type": "array", "items": {"type": "record", "name": "FACT_line", "fields": PAYLOAD["fields"]}}],
    "default": None,
}
NESTED = json.dumps(
    {
        "type": "record",
        "name": "FACT",
        "namespace": "databus",
        "fields": [{"name": "payload", "type": {"type": "record", "name": "FACT_payload", "fields": [LINES]}}],
    }
)


def test_amounts_inside_records_come_back_too() -> None:
    codec = Codec({1: NESTED})
    value = {"payload": {"lines": [{"amount": Decimal("1.50")}, {"amount": None}]}}
    assert codec.decode(codec.encode("databus.FACT", value))[1] == value
    assert codec.decode(codec.encode("databus.FACT", {"payload": {"lines": None}}))[1] == {"payload": {"lines": None}}
    wide = b"\x00\x00\x00\x00\x01\x02\x02" + framed(b"\x7f" * 19)[5:] + b"\x00"
    with pytest.raises(Undecodable, match="18 digits"):
        codec.decode(wide)


@pytest.mark.parametrize("number", [(10**18).to_bytes(8, "big"), b"\x7f" * 19, b"\x7f" * 1_000_000])
def test_amount_with_too_many_digits_is_undecodable(number: bytes) -> None:
    with pytest.raises(Undecodable, match="18 digits"):
        Codec({1: SCHEMA}).decode(framed(number))


@given(raw=st.binary(max_size=20))
def test_an_amount_read_in_one_run_is_the_one_put_back_afterwards(raw: bytes) -> None:
    schema, value = json.loads(SCHEMA), {"payload": {"amount": raw}}
    try:
        restore(value, amounts_of(schema)[1])
    except Undecodable:
        with pytest.raises(DOUBTS):
            reader_of(schema)(framed(raw), HEAD)
    else:
        assert str(reader_of(schema)(framed(raw), HEAD)[0]) == str(value)
