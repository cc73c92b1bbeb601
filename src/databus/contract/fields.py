"""Fields of a record type, read from the payload of its Avro schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from databus.errors import BadContract
from databus.model.labels import Commercial, Privacy, Publication


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `kind` is string, date, decimal, int, boolean or strings; `scale` counts decimals after the point.

    `code` names a code list, `mask` a masking function of domain 3.6.
    """

    name: str
    zh: str
    en: str
    kind: str
    scale: int
    code: str | None
    publication: Publication
    commercial: Commercial
    privacy: Privacy
    mask: str | None
    max_length: int | None


def fields_of(schema: Mapping[str, Any], where: str) -> dict[str, Field]:
    """The payload's fields in their order.

    Raises:
        BadContract: a field without labels, without a name in both languages, or of a type contracts do not have.
    """
    payload = next((part["type"] for part in schema["fields"] if part["name"] == "payload"), None)
    if not isinstance(payload, dict):
        raise BadContract(f"{where} has no payload record", file=where)
    return {raw["name"]: _field(raw, where) for raw in payload["fields"]}


def _field(raw: Mapping[str, Any], where: str) -> Field:
    name = raw["name"]
    try:
        kind, scale = _kind(raw["type"])
        return Field(
            name=name,
            zh=raw["zh"],
            en=raw["en"],
            kind=kind,
            scale=scale,
            code=raw.get("code"),
            publication=Publication(raw["class"]),
            commercial=Commercial(raw["commercial"]),
            privacy=Privacy(raw["privacy"]),
            mask=raw.get("mask"),
            max_length=raw.get("maxLength"),
        )
    except (KeyError, ValueError) as error:
        raise BadContract(f"field {name} of {where} lacks a label or has a wrong one: {error}", file=where, field=name) from error


def _kind(avro: Any) -> tuple[str, int]:
    if not isinstance(avro, list) or len(avro) != 2 or avro[0] != "null":
        raise ValueError("every payload field is a union of null and one type")
    match avro[1]:
        case "string" | "boolean" as plain:
            return plain, 0
        case "int" | "long":
            return "int", 0
        case {"logicalType": "date"}:
            return "date", 0
        case {"logicalType": "decimal", "scale": scale}:
            return "decimal", int(scale)
        case {"type": "array", "items": "string"}:
            return "strings", 0
        case other:
            raise ValueError(f"contracts have no fields of type {other}")
