"""Fields of a record type, read from the payload of its Avro schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from databus.errors import BadContract
from databus.model.labels import Commercial, Privacy, Publication, stricter

RECORD, RECORDS, MAP = "record", "records", "map"
STEP = "."
"""Between a field and a part of it: `movements.moved_on`."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `kind` is string, date, decimal, int, boolean, strings, map (words to booleans), record or records (a list);
    `scale` counts decimals after the point.

    `code` names a code list, `mask` a masking function of domain 3.6. `parts` are the fields of a record or of each in a
    list of them; a part is labelled at least as strictly as what holds it.
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
    parts: Mapping[str, Field] = field(default_factory=dict)


def fields_of(schema: Mapping[str, Any], where: str) -> dict[str, Field]:
    """The payload's fields in their order.

    Raises:
        BadContract: a field without labels, without a name in both languages, or of a type contracts do not have.
    """
    payload = next((part["type"] for part in schema["fields"] if part["name"] == "payload"), None)
    if not isinstance(payload, dict):
        raise BadContract(f"{where} has no payload record", file=where)
    return {raw["name"]: _field(raw, where) for raw in payload["fields"]}


def leaves_of(fields: Mapping[str, Field]) -> dict[str, Field]:
    """What has a value of its own, by its path: a field without parts, and each part of the others."""
    return dict(_leaves(fields))


def _leaves(fields: Mapping[str, Field], above: str = "") -> Iterator[tuple[str, Field]]:
    for name, one in fields.items():
        if one.parts:
            yield from _leaves(one.parts, f"{above}{name}{STEP}")
        else:
            yield above + name, one


def values_of(fields: Mapping[str, Field], payload: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every value of a payload with the path of its leaf; a list of records gives each part once per record."""
    for name, value in payload.items():
        one = fields.get(name)
        if one is None or not one.parts:
            yield name, value
            continue
        for each in value if isinstance(value, list) else () if value is None else (value,):
            yield from ((f"{name}{STEP}{path}", inner) for path, inner in values_of(one.parts, each))


def _field(raw: Mapping[str, Any], where: str, within: Field | None = None) -> Field:
    name = raw["name"]
    try:
        kind, scale, inner = _kind(raw["type"])
        found = Field(
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
        path = f"{within.name}{STEP}{name}" if within else name
        raise BadContract(f"field {path} of {where} lacks a label or has a wrong one: {error}", file=where, field=path) from error
    kept = found if within is None else _within(found, within)
    return kept if not inner else _with_parts(kept, inner, where)


def _with_parts(holder: Field, inner: list[Mapping[str, Any]], where: str) -> Field:
    parts = {raw["name"]: _field(raw, where, holder) for raw in inner}
    if nested := [name for name, part in parts.items() if part.parts]:
        raise BadContract(f"field {holder.name}.{nested[0]} of {where} holds records inside a record", file=where, field=holder.name)
    return replace(holder, parts=parts)


def _within(part: Field, holder: Field) -> Field:
    commercial, privacy = list(Commercial), list(Privacy)
    return replace(
        part,
        publication=stricter(part.publication, holder.publication),
        commercial=max(part.commercial, holder.commercial, key=commercial.index),
        privacy=max(part.privacy, holder.privacy, key=privacy.index),
    )


def _kind(avro: Any) -> tuple[str, int, list[Mapping[str, Any]]]:
    """Kind, scale, and the fields of the record it holds."""
    if not isinstance(avro, list) or len(avro) != 2 or avro[0] != "null":
        raise ValueError("every payload field is a union of null and one type")
    match avro[1]:
        case "string" | "boolean" as plain:
            return plain, 0, []
        case "int" | "long":
            return "int", 0, []
        case {"logicalType": "date"}:
            return "date", 0, []
        case {"logicalType": "decimal", "scale": scale}:
            return "decimal", int(scale), []
        case {"type": "array", "items": "string"}:
            return "strings", 0, []
        case {"type": "map", "values": "boolean"}:
            return MAP, 0, []
        case {"type": "record", "fields": list(inner)} if inner:
            return RECORD, 0, inner
        case {"type": "array", "items": {"type": "record", "fields": list(inner)}} if inner:
            return RECORDS, 0, inner
        case other:
            raise ValueError(f"contracts have no fields of type {other}")
