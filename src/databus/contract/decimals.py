"""Amounts in a payload, read by size first: fastavro turns any number of bytes into a decimal, which for the megabyte a
submission may have takes over a minute (measured), and rounds what its precision cannot hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from databus.errors import Undecodable

_PAYLOAD = "payload"


@dataclass(frozen=True, slots=True)
class Amount:
    """Digits in all and after the point."""

    precision: int
    scale: int


def amounts_of(schema: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Amount]]:
    """The schema with the payload's decimals as plain bytes, and what they are."""
    amounts: dict[str, Amount] = {}
    fields = [_outer(field, amounts) for field in schema["fields"]]
    return {**schema, "fields": fields}, amounts


def _outer(field: dict[str, Any], amounts: dict[str, Amount]) -> dict[str, Any]:
    if field["name"] != _PAYLOAD or not isinstance(field["type"], dict):
        return field
    inner = [{**part, "type": _plain(part["name"], part["type"], amounts)} for part in field["type"]["fields"]]
    return {**field, "type": {**field["type"], "fields": inner}}


def _plain(name: str, avro: Any, amounts: dict[str, Amount]) -> Any:
    if isinstance(avro, list):
        return [_plain(name, branch, amounts) for branch in avro]
    if isinstance(avro, dict) and avro.get("logicalType") == "decimal":
        amounts[name] = Amount(avro["precision"], avro.get("scale", 0))
        return "bytes"
    return avro


def restore(value: dict[str, Any], amounts: Mapping[str, Amount]) -> None:
    """Put decimals where their bytes are.

    Raises:
        Undecodable: more digits than the schema has.
    """
    for name, amount in amounts.items():
        raw = value[_PAYLOAD][name]
        if raw is None:
            continue
        # One byte holds more than two digits, so that nothing longer than the digits can fit.
        number = int.from_bytes(raw, "big", signed=True) if len(raw) <= amount.precision else None
        if number is None or abs(number) >= 10**amount.precision:
            raise Undecodable(f"{name} has more than {amount.precision} digits", field=name)
        value[_PAYLOAD][name] = Decimal(number).scaleb(-amount.scale)
