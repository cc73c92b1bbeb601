"""A schema that somebody sends to have it looked up or compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import fastavro
from avro.errors import AvroException
from fastavro.schema import SchemaParseException

from databus.bus.registered import versions
from databus.bus.registry import Entry, self_contained
from databus.contract import compatibility
from databus.contract.schemas import inline
from databus.department.http import strict
from databus.department.registry.refusals import invalid_schema
from databus.errors import Rejected

DEPTH = 40
"""Levels of a schema's text; ours have ten."""

# Neither library has one error for a schema it cannot read.
_UNREADABLE = (
    AvroException,
    SchemaParseException,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Its text as JSON, the versions it references by name, and the text with these put in."""

    schema: Any
    references: Mapping[str, tuple[str, int]]
    whole: Any


def candidate_of(body: bytes, entries: Iterable[Entry]) -> Candidate:
    """The schema in a request's body: {"schema": text, "references": [{"name", "subject", "version"}]}.

    Raises:
        Malformed: the body is no JSON. RegistryError: 42201, it holds no Avro schema, or references what is not there.
    """
    value = strict.parse(body)
    if not isinstance(value, dict) or not isinstance(value.get("schema"), str) or not value["schema"]:
        raise invalid_schema("the member schema is missing")
    if value.get("schemaType", "AVRO") not in ("AVRO", None):
        raise invalid_schema("this registry holds Avro only")
    schema = _parsed(value["schema"])
    references = _references(value.get("references") or [])
    known = tuple(entries)
    texts = {name: _referenced(name, *place, known) for name, place in references.items()}
    whole = inline(schema, texts) if isinstance(schema, dict) and isinstance(schema.get("fields"), list) and texts else schema
    _require_avro(whole)
    return Candidate(schema, references, whole)


def same(candidate: Candidate, entry: Entry) -> bool:
    """True if it is that registered version: the same text but for spaces, order of members and needless wrapping."""
    references = {name: (name, version) for name, version in entry.versions.items()}
    return references == candidate.references and _plain(json.loads(entry.schema.text)) == _plain(candidate.schema)


def breaches(candidate: Candidate, entries: Iterable[Entry], against: Iterable[Entry]) -> list[str]:
    """What forbids it after those versions, each with path, reason and fix; takes a while for a large schema."""
    texts, olds = self_contained(entries), list(against)
    if olds and not (isinstance(candidate.whole, dict) and candidate.whole.get("type") == "record"):
        return ["the schema: every contract is a record; keep its type"]
    try:
        found = compatibility.check([texts[old.schema_id] for old in olds], json.dumps(candidate.whole)) if olds else []
    except _UNREADABLE as error:
        raise invalid_schema(_said(error)) from error
    return [f"{one.path}: {one.reason}; {one.fix}" for one in found]


def _parsed(text: str) -> Any:
    try:
        return _numbers(strict.parse(text.encode("utf-8", "surrogatepass"), depth=DEPTH))
    except Rejected as error:
        raise invalid_schema(error.detail) from error


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _numbers(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_numbers(one) for one in value]
    return json.loads(value) if isinstance(value, strict.Numeral) else value


def _references(raw: Any) -> dict[str, tuple[str, int]]:
    try:
        return {str(one["name"]): (str(one["subject"]), int(one["version"])) for one in raw}
    except (TypeError, KeyError, ValueError):
        raise invalid_schema("references are objects with name, subject and version") from None


def _referenced(name: str, subject: str, version: int, entries: tuple[Entry, ...]) -> Any:
    entry = versions(entries, subject).get(version)
    if entry is None:
        raise invalid_schema(f'No schema reference found for subject "{subject[:200]}" and version {version}')
    return json.loads(entry.schema.text)


def _require_avro(schema: Any) -> None:
    try:
        fastavro.parse_schema(schema)
    except _UNREADABLE as error:
        raise invalid_schema(_said(error)) from error


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return _plain(schema["type"]) if schema.keys() == {"type"} else {name: _plain(one) for name, one in schema.items()}
