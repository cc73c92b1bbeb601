"""Schema files: one `vN.avsc` per version of a record type, and the system's own under `_envelope/`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from databus.errors import BadContract


@dataclass(frozen=True, slots=True)
class Schema:
    """One version of one schema. `references` are full names of schemas its text mentions without defining."""

    name: str
    version: int
    text: str
    references: tuple[str, ...]


def read_schemas(root: Path) -> tuple[Schema, ...]:
    """All schemas: the system's own first, then the types' by name and version; the order is stable.

    Raises:
        BadContract: a file is not JSON, or names another schema than its folder.
    """
    own = [_read(path, 1) for path in sorted((root / "_envelope").glob("*.avsc"))]
    own.sort(key=lambda schema: (schema.name != "databus.Envelope", schema.name))
    versions = [path for path in root.glob("[A-Z]*/v*.avsc") if path.stem[1:].isdigit()]
    typed = [_read(path, int(path.stem[1:])) for path in sorted(versions, key=lambda path: (path.parent.name, int(path.stem[1:])))]
    return (*own, *typed)


def _read(path: Path, version: int) -> Schema:
    where = f"{path.parent.name}/{path.name}"
    try:
        raw = json.loads(path.read_text("utf-8"))
        name = f"{raw['namespace']}.{raw['name']}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadContract(f"{where} is not an Avro schema: {error}", file=where) from error
    if not path.parent.name.startswith("_") and raw["name"] != path.parent.name:
        raise BadContract(f"{where} defines {name}, not {path.parent.name}", file=where)
    mentioned = sorted({field["type"] for field in raw["fields"] if isinstance(field["type"], str) and "." in field["type"]})
    return Schema(name, version, json.dumps(raw, ensure_ascii=False, separators=(",", ":")), tuple(mentioned))


def latest(schemas: Iterable[Schema], name: str) -> Schema:
    """The highest version of a schema.

    Raises:
        BadContract: there is none.
    """
    versions = [schema for schema in schemas if schema.name == name]
    if not versions:
        raise BadContract(f"there is no schema {name}", name=name)
    return max(versions, key=lambda schema: schema.version)


def self_contained(schema: Schema, schemas: Iterable[Schema]) -> str:
    """The schema's text with every reference replaced by the definition it names."""
    known = tuple(schemas)
    texts = {name: json.loads(latest(known, name).text) for name in schema.references}
    return json.dumps(inline(json.loads(schema.text), texts), ensure_ascii=False, separators=(",", ":"))


def inline(schema: dict[str, Any], texts: Mapping[str, Any]) -> dict[str, Any]:
    """A record schema whose fields of a referenced type carry that type's definition (the first mention only)."""
    left = dict(texts)
    fields = [
        {**field, "type": left.pop(field["type"], field["type"])} if isinstance(field["type"], str) else field for field in schema["fields"]
    ]
    return {**schema, "fields": fields}
