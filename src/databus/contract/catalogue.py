"""The catalogue: everything under schemas/, loaded once and checked while loading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from databus.contract import calendar, codes, compatibility, feedback, invariants, rules
from databus.contract.codec import Codec
from databus.contract.codemaps import CodeMap, code_map_of
from databus.contract.columns import Column, columns_of
from databus.contract.entries import Check, Entry, Owner, check_of, entry_of
from databus.contract.fields import Field, fields_of
from databus.contract.schemas import Schema, latest, read_schemas, self_contained
from databus.errors import BadContract, NotFound

NAMESPACE = "databus"


@dataclass(frozen=True, slots=True)
class Department:
    """A department: its slug (user, inbox), USCC and names."""

    slug: str
    uscc: str
    zh: str
    en: str
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class RecordType:
    """The contract of a kind of fact. `key` names payload fields, `@party` (subject key), `@source` or `@alias` (older code).

    `key_without` is the key of a record that lacks one field: that field, and the parts that stand in.
    `maps` tells of a type that says which codes are one subject's: its records are links.
    `row` tells how a row in the contract's own columns fills `subject` and `envelope`: field → constant or mapping source.
    `dense`: the sequence numbers of a record rise by one.
    `columns` are names that departments give the columns of a field in files of their own.
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
    entries: tuple[Entry, ...]
    checks: tuple[Check, ...]
    row: Mapping[str, Mapping[str, Any]]
    columns: Mapping[str, tuple[Column, ...]]
    hints: Mapping[str, Any]
    sample_weight: float
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


@dataclass(frozen=True, slots=True)
class Contract:
    """All contracts in force."""

    types: Mapping[str, RecordType]
    entries: Mapping[str, Entry]
    departments: Mapping[str, Department]
    datasets: Mapping[str, Mapping[str, Any]]
    attributes: Mapping[str, Any]
    codes: codes.Codes
    rules: rules.RuleSets
    calendar: calendar.Calendar
    feedback: feedback.Feedback
    schemas: tuple[Schema, ...]

    def type_of(self, full_name: str) -> RecordType | None:
        """The record type behind an Avro full name; None for the system's own schemas."""
        return self.types.get(full_name.removeprefix(f"{NAMESPACE}."))

    def record_type(self, name: str) -> RecordType:
        """The record type of that name.

        Raises:
            NotFound: there is none; the error names those there are.
        """
        if name not in self.types:
            raise NotFound(f"no record type is named {name}; there are {', '.join(sorted(self.types))}", name=name)
        return self.types[name]

    def codec(self) -> Codec:
        """A codec over this checkout's schemas, numbered in their order: for dry runs, samples and tests."""
        return Codec({number: self_contained(schema, self.schemas) for number, schema in enumerate(self.schemas, start=1)})


def load(root: Path) -> Contract:
    """Everything under schemas/.

    Raises:
        BadContract: a file is missing, contradicts itself or another; the error names file and place.
    """
    schemas = read_schemas(root)
    compatibility.require(schemas)
    types = {folder.name: _record_type(folder, schemas) for folder in sorted(root.iterdir()) if (folder / "type.yaml").is_file()}
    if not types:
        raise BadContract(f"no record types under {root.name}", file=root.name)
    entries: dict[str, Entry] = {}
    for entry in (entry for record_type in types.values() for entry in record_type.entries):
        if entry.code in entries:
            raise BadContract(f"catalogue code {entry.code} is given twice", code=entry.code)
        entries[entry.code] = entry
    lists = codes.load(root / "codes")
    contract = Contract(
        types=types,
        entries=entries,
        departments={row["slug"]: _department(row) for row in _yaml(root / "codes" / "departments.yaml")},
        datasets={path.stem: _yaml(path) for path in sorted((root / "datasets").glob("*.yaml"))},
        attributes=_yaml(root / "attributes.yaml"),
        codes=lists,
        rules=rules.load(root / "rules"),
        calendar=calendar.load(root / "codes" / "calendar.yaml"),
        feedback=feedback.load(root / "feedback.yaml"),
        schemas=schemas,
    )
    _agree(contract)
    invariants.require(
        entries=contract.entries,
        fields={name: record_type.fields for name, record_type in types.items()},
        checks={
            name: (*record_type.checks, *(check for entry in record_type.entries for check in entry.dq_profile))
            for name, record_type in types.items()
        },
        datasets=contract.datasets,
        attributes=contract.attributes,
        codes=lists,
    )
    return contract


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadContract(f"{path.name} cannot be read: {error}", file=path.name) from error


def _department(row: Mapping[str, Any]) -> Department:
    return Department(row["slug"], row["uscc"], row["names"]["zh"], row["names"]["en"], row.get("valid_from"), row.get("valid_to"))


def _record_type(folder: Path, schemas: tuple[Schema, ...]) -> RecordType:
    raw = _yaml(folder / "type.yaml")
    where = f"{folder.name}/type.yaml"
    try:
        schema = latest(schemas, f"{NAMESPACE}.{folder.name}")
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
            fields=fields_of(json.loads(schema.text), f"{folder.name}/v{schema.version}.avsc"),
            entries=tuple(entry_of(entry, folder.name) for entry in raw["catalogue"]),
            checks=tuple(check_of(row) for row in raw["checks"]),
            row=raw.get("row") or {},
            columns=columns_of(raw.get("columns") or {}),
            hints=raw.get("hints") or {},
            sample_weight=float(raw.get("sample_weight", 1)),
            version=schema.version,
            dense=bool(raw.get("dense", False)),
            maps=code_map_of(raw.get("maps")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadContract(f"{where} lacks or misstates {error}", file=where) from error


def _agree(contract: Contract) -> None:
    for name, record_type in contract.types.items():
        where = f"{name}/type.yaml"
        if record_type.name != name:
            raise BadContract(f"{where} calls itself {record_type.name}", file=where)
        other = record_type.key_without
        named = [part for part in (*record_type.key, *((other[0], *other[1]) if other else ())) if not part.startswith("@")]
        checks = [*record_type.checks, *(check for entry in record_type.entries for check in entry.dq_profile)]
        named += [check.field for check in checks if check.field and not check.field.startswith(("envelope.", "@"))]
        named += [field for entry in record_type.entries for field in entry.required if not field.startswith("envelope.")]
        named += [record_type.deciding] if record_type.deciding else []
        named += [maps.unified, maps.status, *(old.field for old in maps.old)] if (maps := record_type.maps) else []
        for field in [*named, *record_type.columns, record_type.title]:
            if field not in record_type.fields:
                raise BadContract(f"{where} names the field {field}, which its schema does not have", file=where, field=field)
        departments = {owner.department for owner in record_type.owners} | {entry.department for entry in record_type.entries}
        departments |= {*maps.registrar.values(), *(old.keeper for old in maps.old if old.keeper)} if maps else set()
        for department in departments - contract.departments.keys():
            raise BadContract(f"{where} names the department {department}, which is not listed", file=where, department=department)
