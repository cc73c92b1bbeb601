"""What a record's own content says about who may see it: rules of type.yaml that narrow a class or raise a flag (domain 2, 3.3).

    narrowing:
      - {when: {not: {field: payload.level, equals: A}}, to: AUTHORISED, citation: …}        the record
      - {fields: [assets, equity], when: {not: {field: "payload.chosen.{field}", equals: true}}, to: AUTHORISED, citation: …}
      - {when: {field: payload.verification, in: [UNVERIFIED]}, flag: unverified, citation: …}

Every rule that holds applies; none can widen anything. `{field}` in a path stands for each of `fields` in turn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from databus.contract.predicates import Predicate, predicate
from databus.errors import BadContract
from databus.model.labels import Publication, stricter

_PARTS = frozenset({"when", "to", "flag", "fields", "citation"})
_PLACE = "{field}"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Where `when` holds, `field` (empty: the record) is not wider than `to`, and the record bears `flag` (empty: none)."""

    when: Predicate
    field: str
    to: Publication
    flag: str


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a content says: the class it allows the record, its narrowed fields as label classes name them, its flags."""

    publication: Publication
    fields: tuple[str, ...]
    flags: tuple[str, ...]


_NOT_AT_ALL = Narrowed(Publication.PUBLIC, (), ())


def narrowings(raw: Iterable[Mapping[str, Any]], fields: Collection[str], where: str) -> tuple[Narrowing, ...]:
    """The rules of a type, one per field.

    Raises:
        BadContract: a rule that narrows and flags nothing, or says what it cannot mean, or has no citation.
    """
    return tuple(rule for row in raw for rule in _rules(row, fields, where))


def _rules(row: Mapping[str, Any], fields: Collection[str], where: str) -> Iterator[Narrowing]:
    told = row["when"], row["citation"]
    if row.keys() - _PARTS or not all(told) or not row.keys() & {"to", "flag"}:
        raise BadContract(f"{where} has a narrowing that cannot be read: {dict(row)}", file=where)
    named = tuple(row.get("fields", ("",)))
    if strange := sorted(set(named) - {"", *fields}):
        raise BadContract(f"{where} narrows the field {strange[0]}, which its schema does not have", file=where, field=strange[0])
    for name in named:
        when = predicate(_about(row["when"], name), where)
        yield Narrowing(when, name, Publication(row.get("to", Publication.PUBLIC)), str(row.get("flag", "")))


def _about(raw: Any, field: str) -> Any:
    match raw:
        case dict():
            return {key: _about(value, field) for key, value in raw.items()}
        case list():
            return [_about(value, field) for value in raw]
        case str():
            return raw.replace(_PLACE, field)
        case _:
            return raw


def narrowed(rules: Iterable[Narrowing], content: Mapping[str, Any]) -> Narrowed:
    """What the rules make of a submission {"envelope": …, "payload": …}."""
    held = [rule for rule in rules if rule.when(content)]
    if not held:
        return _NOT_AT_ALL
    fields: dict[str, Publication] = {}
    for rule in (rule for rule in held if rule.field):
        fields[rule.field] = stricter(fields.get(rule.field, Publication.PUBLIC), rule.to)
    return Narrowed(
        publication=reduce(stricter, (rule.to for rule in held if not rule.field), Publication.PUBLIC),
        fields=tuple(sorted(name if to is Publication.INTERNAL else f"{name}:{to}" for name, to in fields.items())),
        flags=tuple(sorted({rule.flag for rule in held if rule.flag})),
    )
