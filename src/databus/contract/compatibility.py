"""May a new version of a schema stand beside the older ones? (design 5)

FULL_TRANSITIVE by Avro's own checker, and what Avro does not see: logical types, and labels, which no version lowers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaIncompatibilityType

from databus.contract.schemas import Schema, self_contained
from databus.errors import BadContract
from databus.model.labels import Commercial, Privacy, Publication, narrows

_CHANGED_TYPE = ("its type changed", "keep the type; add a field of another name for the new one")
_REASONS: Mapping[SchemaIncompatibilityType, tuple[str, str]] = {
    SchemaIncompatibilityType.reader_field_missing_default_value: (
        "the field has no default, so data written without it cannot be read",
        "make its type a union that begins with null, and null its default",
    ),
    SchemaIncompatibilityType.missing_union_branch: _CHANGED_TYPE,
    SchemaIncompatibilityType.type_mismatch: _CHANGED_TYPE,
    SchemaIncompatibilityType.missing_enum_symbols: (
        "an enum lost or gained symbols without a default",
        "keep every symbol and give the enum a default, the strictest one",
    ),
    SchemaIncompatibilityType.name_mismatch: ("a record, enum or fixed was renamed", "keep its full name"),
    SchemaIncompatibilityType.fixed_size_mismatch: ("a fixed type changed its size", "keep the size"),
}
_RANKS = {"commercial": tuple(Commercial), "privacy": tuple(Privacy)}
_LABELS = ("class", "commercial", "privacy")


@dataclass(frozen=True, slots=True)
class Breach:
    """One reason against a schema: where (dotted names), why in plain words, and what would help."""

    path: str
    reason: str
    fix: str


def check(old_versions: Sequence[str], new: str) -> list[Breach]:
    """What forbids `new` after all of `old_versions` (self-contained schema texts); empty if nothing does."""
    fields = _fields(json.loads(new))
    breaches = list(_unlabelled(fields))
    for old in old_versions:
        breaches += _structure(reader=new, writer=old)
        breaches += _structure(reader=old, writer=new)
        breaches += _changed(_fields(json.loads(old)), fields)
    # Avro names the field that holds a record; where a part of it is the reason, the part says more.
    inner = {(part.path.rpartition(".")[0], part.reason) for part in breaches}
    return [breach for breach in dict.fromkeys(breaches) if (breach.path, breach.reason) not in inner]


def require(schemas: Iterable[Schema]) -> None:
    """Every version of every record type against all before it.

    Raises:
        BadContract: a version may not stand; the error names file, path, reason and fix of the first breach, and counts them.
    """
    found = list(breaches(schemas))
    if found:
        where, first = found[0]
        detail = f"{where} cannot stand: {first.path}: {first.reason}; {first.fix}"
        raise BadContract(detail, file=where, path=first.path, breaches=len(found))


def breaches(schemas: Iterable[Schema]) -> Iterator[tuple[str, Breach]]:
    """Every breach, with the file of the version that makes it."""
    known = tuple(schemas)
    typed = sorted(
        (schema for schema in known if _payload(json.loads(schema.text)) is not None), key=lambda schema: (schema.name, schema.version)
    )
    for name, versions in groupby(typed, key=lambda schema: schema.name):
        texts: list[str] = []
        for schema in versions:
            text = self_contained(schema, known)
            yield from ((f"{name.rpartition('.')[2]}/v{schema.version}.avsc", one) for one in check(texts, text))
            texts.append(text)


def _structure(*, reader: str, writer: str) -> Iterator[Breach]:
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    answer = checker.get_compatibility(reader=avro.schema.parse(reader), writer=avro.schema.parse(writer))
    places = sorted(place for place in answer.locations if place != "/") or ["/"]
    for kind in dict.fromkeys(answer.incompatibilities):
        for place in places:
            yield Breach(_dotted(json.loads(reader), place), *_REASONS[kind])


def _dotted(schema: Any, place: str) -> str:
    """The names of the fields along a path such as /fields/1/type/fields/0."""
    names, node = [], schema
    for step in place.strip("/").split("/"):
        if isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        elif isinstance(node, dict) and step in node:
            node = node[step]
        else:
            break
        if isinstance(node, dict) and "name" in node and node.get("type", "record") != "record" and step.isdigit():
            names.append(str(node["name"]))
    return ".".join(names) or "the schema"


def _payload(schema: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    found = next((field["type"] for field in schema["fields"] if field["name"] == "payload"), None)
    return list(found["fields"]) if isinstance(found, dict) else None


def _fields(schema: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every field of the payload by its path, the parts of records inside it too."""
    return dict(_paths(_payload(schema) or ()))


def _paths(fields: Iterable[dict[str, Any]], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for field in fields:
        path = f"{above}{field['name']}"
        yield path, field
        yield from _paths(_inner(field["type"]), f"{path}.")


def _inner(avro: Any) -> list[dict[str, Any]]:
    """The fields of the record a field holds, alone or in a list."""
    match avro:
        case list():
            return [field for branch in avro for field in _inner(branch)]
        case {"type": "record", "fields": list(fields)}:
            return fields
        case {"type": "array", "items": items}:
            return _inner(items)
        case _:
            return []


def _unlabelled(fields: Mapping[str, Mapping[str, Any]]) -> Iterator[Breach]:
    for name, field in fields.items():
        if missing := [label for label in _LABELS if label not in field]:
            fix = "say who may see it: class, commercial, privacy"
            yield Breach(f"payload.{name}", f"the field has no label {', '.join(missing)}", fix)


def _changed(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> Iterator[Breach]:
    for name in old.keys() & new.keys():
        was, now, path = old[name], new[name], f"payload.{name}"
        if "." in name and _names(was) != _names(now):
            yield Breach(path, *_CHANGED_TYPE)
        if _meaning(was) != _meaning(now):
            yield Breach(path, "the same bytes would mean something else (logical type or scale)", "keep it; add a field of another name")
        for label in _LABELS:
            if label in was and label in now and _lowered(label, was[label], now[label]):
                yield Breach(path, f"{label} was lowered from {was[label]} to {now[label]}", "keep the label or make it stricter")
        if "mask" in was and was["mask"] != now.get("mask"):
            yield Breach(path, f"the mask {was['mask']} was taken away or exchanged", "keep the mask")


def _meaning(field: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    branches = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return [(branch.get("logicalType"), branch.get("scale")) for branch in branches if isinstance(branch, dict)]


def _names(field: Mapping[str, Any]) -> list[Any]:
    branches = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return [branch.get("type") if isinstance(branch, dict) else branch for branch in branches]


def _lowered(label: str, was: str, now: str) -> bool:
    if label == "class":
        return not narrows(Publication(now), Publication(was))
    order = [str(word) for word in _RANKS[label]]
    return order.index(now) < order.index(was)
