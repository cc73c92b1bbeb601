"""A record type: the contract of one kind of fact, read from its folder under schemas/."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from databus.contract.codemaps import CodeMap, code_map_of
from databus.contract.columns import Column, columns_of
from databus.contract.entries import Check, Entry, Owner, check_of, entry_of
from databus.contract.fields import Field, fields_of, leaves_of
from databus.contract.narrowing import Narrowing, narrowings
from databus.contract.predicates import Predicate, predicate
from databus.contract.schemas import Schema
from databus.errors import BadContract
from databus.model.labels import Publication

NAMESPACE = "databus"


class Nature(StrEnum):
    """What a record says of its subject (信息性质, domain 3.1): a plain fact, something good, something adverse."""

    BASIC = "BASIC"
    GOOD = "GOOD"
    ADVERSE = "ADVERSE"


@dataclass(frozen=True, slots=True)
class RecordType:
    """The contract of a kind of fact. `key` names payload fields, `@party` (subject key), `@source`, `@alias` (older code of a map),
    `@hash:field` (of a text) or `@person:id_type,id_number,name` (a keyed hash of another person than the subject).

    `leaves` are the fields that have values of their own, parts of records among them by their paths. `key_without` is the
    key of a record that lacks one field: that field, and the parts that stand in. `natures` are asked in their order.
    `row` tells how a row in the contract's own columns fills `subject` and `envelope`: field → constant or mapping source.
    `dense`: the sequence numbers of a record rise by one.
    `decided_in` is the payload's day of which the envelope's `decided_at` is made, empty where there is none.
    `columns` are names that departments give the columns of a field in files of their own.
    `maps` tells of a type that says which codes are one subject's: its records are links.
    `hints`, `sample_weight` and `open_persons` (are records of persons public in it?) are for the sample generator.
    """

    name: str
    zh: str
    en: str
    section: str
    dataset: str | None
    owners: tuple[Owner, ...]
    key: tuple[str, ...]
    key_without: tuple[str, tuple[str, ...]] | None
    deciding: str | None
    lifecycle: str
    title: str
    fields: Mapping[str, Field]
    leaves: Mapping[str, Field]
    entries: tuple[Entry, ...]
    checks: tuple[Check, ...]
    narrowings: tuple[Narrowing, ...]
    natures: tuple[tuple[Nature, Predicate], ...]
    row: Mapping[str, Mapping[str, Any]]
    decided_in: str
    columns: Mapping[str, tuple[Column, ...]]
    hints: Mapping[str, Any]
    sample_weight: float
    open_persons: bool
    version: int
    dense: bool
    maps: CodeMap | None = None

    @property
    def full_name(self) -> str:
        """Avro full name, and the registry's subject (RecordNameStrategy)."""
        return f"{NAMESPACE}.{self.name}"

    def owned_by(self, department: str, day: date) -> bool:
        """True if the department may publish this type on that day."""
        return any(owner.department == department and owner.active(day) for owner in self.owners)

    @property
    def key_fields(self) -> frozenset[str]:
        """Every payload field a key of this type is made of, by itself or through a hash."""
        other = (self.key_without[0], *self.key_without[1]) if self.key_without else ()
        return frozenset(field for part in (*self.key, *other) for field in fields_of_part(part))

    def nature(self, payload: Mapping[str, Any]) -> Nature:
        """What a record with these values says of its subject; as far as they are known, they decide."""
        return next((nature for nature, when in self.natures if when({"payload": payload})), Nature.BASIC)


def record_type_of(raw: Mapping[str, Any], folder: str, schema: Schema) -> RecordType:
    """The type of a folder from its type.yaml and the latest version of its schema.

    Raises:
        BadContract: something is missing, or cannot be meant; the error names the file.
    """
    where = f"{folder}/type.yaml"
    try:
        fields = fields_of(json.loads(schema.text), f"{folder}/v{schema.version}.avsc")
        leaves = leaves_of(fields)
        return RecordType(
            name=raw["record_type"],
            zh=raw["names"]["zh"],
            en=raw["names"]["en"],
            section=raw["section"],
            dataset=raw.get("dataset"),
            owners=tuple(Owner(row["department"], row.get("valid_from"), row.get("valid_to")) for row in raw["owners"]),
            key=tuple(raw["key"]),
            key_without=(raw["key_without"]["absent"], tuple(raw["key_without"]["key"])) if "key_without" in raw else None,
            deciding=raw.get("deciding"),
            lifecycle=raw["lifecycle"],
            title=raw["title"],
            fields=fields,
            leaves=leaves,
            entries=tuple(entry_of(entry, folder) for entry in raw["catalogue"]),
            checks=tuple(check_of(row) for row in raw["checks"]),
            narrowings=narrowings(raw.get("narrowing", ()), {*fields, *leaves}, where),
            natures=_natures(raw["nature"], where),
            row=raw.get("row") or {},
            decided_in=_decided_in(raw.get("row") or {}, fields),
            columns=columns_of(raw.get("columns") or {}),
            hints=raw.get("hints") or {},
            sample_weight=float(raw.get("sample_weight", 1)),
            open_persons=bool(raw.get("sample_persons") == Publication.PUBLIC),
            version=schema.version,
            dense=bool(raw.get("dense", False)),
            maps=code_map_of(raw.get("maps")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadContract(f"{where} lacks or misstates {error}", file=where) from error


def fields_of_part(part: str) -> tuple[str, ...]:
    """The payload fields behind one part of a key: itself, or those after the colon of `@hash:…` and `@person:…,…,…`."""
    if not part.startswith("@"):
        return (part,)
    return tuple(part.partition(":")[2].split(",")) if ":" in part else ()


def _decided_in(row: Mapping[str, Any], fields: Mapping[str, Field]) -> str:
    told = row.get("envelope", {}).get("decided_at")
    field = fields.get(told.get("from", "")) if isinstance(told, Mapping) else None
    return field.name if field is not None and field.kind == "date" else ""


def _natures(raw: Any, where: str) -> tuple[tuple[Nature, Predicate], ...]:
    """A word, or a table of words and conditions."""
    table = raw if isinstance(raw, dict) else {raw: {}}
    return tuple((Nature(word), predicate(when, where)) for word, when in table.items())


def agree(record_type: RecordType, folder: str, departments: Mapping[str, object]) -> None:
    """What a type names must be there.

    Raises:
        BadContract: its folder, a field or a department.
    """
    where, name = f"{folder}/type.yaml", record_type.name
    if name != folder:
        raise BadContract(f"{where} calls itself {name}", file=where)
    named = [*record_type.key_fields]
    checks = [*record_type.checks, *(check for entry in record_type.entries for check in entry.dq_profile)]
    named += [check.field for check in checks if check.field and not check.field.startswith(("envelope.", "@"))]
    wanted = (field for entry in record_type.entries for field in (*entry.required, *entry.recommended))
    named += [field for field in wanted if not field.startswith("envelope.")]
    named += [record_type.deciding] if record_type.deciding else []
    named += [maps.unified, maps.status, *(old.field for old in maps.old)] if (maps := record_type.maps) else []
    for field in [*named, *record_type.columns, record_type.title]:
        if field not in record_type.fields and field not in record_type.leaves:
            raise BadContract(f"{where} names the field {field}, which its schema does not have", file=where, field=field)
    mentioned = {owner.department for owner in record_type.owners} | {entry.department for entry in record_type.entries}
    mentioned |= {*maps.registrar.values(), *(old.keeper for old in maps.old if old.keeper)} if maps else set()
    for department in mentioned - departments.keys():
        raise BadContract(f"{where} names the department {department}, which is not listed", file=where, department=department)
