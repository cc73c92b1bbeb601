"""A cell that holds records is JSON of the contract's shape, and nothing else is taken for it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from databus.contract.catalogue import load
from databus.contract.fields import Field, fields_of
from databus.department.cells import own
from databus.department.convert import DAYS, Unreadable, value_of
from databus.department.files.row import structured
from databus.settings import CHECKOUT
from department.conftest import rows_in

CODES = load(CHECKOUT / "schemas").codes
DATE = {"type": "int", "logicalType": "date"}
QUANTITY = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 3}


def labelled(name: str, avro: Any) -> dict[str, Any]:
    labels = {"class": "PUBLIC", "commercial": "NONE", "privacy": "NONE"}
    return {"name": name, "type": ["null", avro], "default": None, "zh": "项", "en": "item", **labels}


def record(**parts: Any) -> dict[str, Any]:
    return {"type": "record", "name": "_".join(parts), "fields": [labelled(name, avro) for name, avro in parts.items()]}


def listed(**parts: Any) -> dict[str, Any]:
    return {"type": "array", "items": record(**parts)}


PAYLOAD = record(
    product="string",
    produced_on=DATE,
    quantity=QUANTITY,
    inputs=listed(batch_code="string", quantity=QUANTITY),
    movements=listed(to_division="string", moved_on=DATE, doc_no="string"),
    field_publicity={"type": "map", "values": "boolean"},
    reporter=record(name="string", phone="string", anonymous="boolean", keep_secret="boolean"),
)
FIELDS = fields_of({"fields": [{"name": "payload", "type": PAYLOAD}]}, "v1.avsc")
INPUTS, MOVES, CHOSEN, REPORTER = (FIELDS[name] for name in ("inputs", "movements", "field_publicity", "reporter"))


def test_records_become_values_of_their_parts() -> None:
    assert value_of('[{"batch_code": "I1", "quantity": 12.5}, {"batch_code": "I2"}]', INPUTS) == [
        {"batch_code": "I1", "quantity": Decimal("12.500")},
        {"batch_code": "I2", "quantity": None},
    ]
    (move,) = value_of('[{"to_division": "220202", "moved_on": "2026年9月4日"}]', MOVES)  # type: ignore[misc]
    assert (move["moved_on"], move["doc_no"]) == (date(2026, 9, 4), None)
    assert value_of('{"name": "样本丙", "anonymous": false}', REPORTER) == {
        "name": "样本丙",
        "phone": None,
        "anonymous": False,
        "keep_secret": None,
    }
    assert value_of('{"assets": true, "equity": false}', CHOSEN) == {"assets": True, "equity": False}


@pytest.mark.parametrize("place", [b'{"movements": %s}', b'{"payload": {"movements": %s}}'])
def test_a_line_of_json_holds_them_as_they_are(tmp_path: Path, place: bytes) -> None:
    path = tmp_path / "batches.ndjson"
    path.write_bytes(place % b'[{"to_division": "220202", "moved_on": "2026-09-04"}]')
    (row,) = rows_in(path)
    assert value_of(row.cells["movements"], MOVES) == value_of('[{"to_division": "220202", "moved_on": "2026-09-04"}]', MOVES)


@pytest.mark.parametrize("value", [{"a": "b"}, [{"a": "b"}], ["a", "b"], ["a"]])
@pytest.mark.parametrize("name", ["product", "produced_on", "quantity"])
def test_a_field_of_one_plain_value_takes_no_other(name: str, value: Any) -> None:
    read = own(f"payload.{name}", FIELDS[name], DAYS)
    with pytest.raises(Unreadable, match="no object or list"):
        read(structured(value), CODES)


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("I1", INPUTS, "batch_code"),
        ('{"batch_code": "I1"}', INPUTS, "a list such as"),
        ('[{"batch": "I1"}]', INPUTS, "the parts batch_code, quantity"),
        ('[{"batch_code": "I1", "batch_code": "I2"}]', INPUTS, "JSON such as"),
        ('[{"batch_code": ["I1"]}]', INPUTS, "batch_code as a plain value"),
        ('[{"quantity": "many"}]', INPUTS, "a number"),
        ('[{"quantity": 1e400}]', INPUTS, "a number"),
        ('[{"moved_on": "soon"}]', MOVES, "a date"),
        ("[" * 100_000, INPUTS, "JSON such as"),
        ('{"assets": "yes"}', CHOSEN, "a table such as"),
        ("[]", REPORTER, "the parts name"),
    ],
)
def test_anything_else_is_unreadable(text: str, field: Field, expected: str) -> None:
    with pytest.raises(Unreadable) as caught:
        value_of(text, field)
    assert expected in caught.value.expected
