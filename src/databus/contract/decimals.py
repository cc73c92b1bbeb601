"""Amounts in a payload, read by size first: fastavro turns any number of bytes into a decimal, which for the megabyte a
submission may have takes over a minute (measured), and rounds what its precision cannot hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from databus.errors import Undecodable

_PAYLOAD = "payload"


@dataclass(frozen=True, slots=True)
class Amount:
    """Digits in all and after the point."""

    precision: int
    scale: int


Amounts: TypeAlias = Mapping[str, "Amount | Amounts"]
"""The amounts of a record by field; those of the records a field holds, under its name."""


def amounts_of(schema: Mapping[str, Any]) -> tuple[dict[str, Any], Amounts]:
    """The schema with the payload's decimals as plain bytes, and what they are."""
    amounts: dict[str, Any] = {}
    fields = [_outer(field, amounts) for field in schema["fields"]]
    return {**schema, "fields": fields}, amounts


def _outer(field: dict[str, Any], amounts: dict[str, Any]) -> dict[str, Any]:
    if field["name"] != _PAYLOAD or not isinstance(field["type"], dict):
        return field
    return {**field, "type": _record(field["type"], amounts)}


def _record(schema: dict[str, Any], amounts: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "fields": [{**part, "type": _plain(part["name"], part["type"], amounts)} for part in schema["fields"]]}


def _plain(name: str, avro: Any, amounts: dict[str, Any]) -> Any:
    match avro:
        case list():
            return [_plain(name, branch, amounts) for branch in avro]
        case {"logicalType": "decimal"}:
            amounts[name] = Amount(avro["precision"], avro.get("scale", 0))
            return "bytes"
        case {"type": "array"}:
            return {**avro, "items": _plain(name, avro["items"], amounts)}
        case {"type": "record"}:
            inner: dict[str, Any] = {}
            plain = _record(avro, inner)
            amounts |= {name: inner} if inner else {}
            return plain
        case _:
            return avro


def restore(value: dict[str, Any], amounts: Amounts) -> None:
    """Put decimals where their bytes are.

    Raises:
        Undecodable: more digits than the schema has.
    """
    if amounts:
        _restore(value[_PAYLOAD], amounts)


def _restore(record: dict[str, Any], amounts: Amounts) -> None:
    for name, amount in amounts.items():
        held = record[name]
        if held is None:
            continue
        if isinstance(amount, Amount):
            record[name] = decimal(held, amount)
            if record[name] is None:
                raise Undecodable(f"{name} has more than {amount.precision} digits", field=name)
        else:
            for each in held if isinstance(held, list) else (held,):
                _restore(each, amount)


def decimal(raw: bytes, amount: Amount) -> Decimal | None:
    """The decimal of these bytes; None for more digits than an amount has."""
    # One byte holds more than two digits, so that nothing longer than the digits can fit.
    number = int.from_bytes(raw, "big", signed=True) if len(raw) <= amount.precision else None
    return None if number is None or abs(number) >= 10**amount.precision else Decimal(number).scaleb(-amount.scale)
