"""The catalogue: everything under schemas/, loaded once and checked while loading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from databus.contract import calendar, codes, compatibility, feedback, invariants, rules
from databus.contract.codec import Codec
from databus.contract.documents import read_yaml
from databus.contract.entries import Entry
from databus.contract.record_types import NAMESPACE, RecordType, agree, record_type_of
from databus.contract.schemas import Schema, latest, read_schemas, self_contained
from databus.errors import BadContract, NotFound

__all__ = ["NAMESPACE", "Contract", "Department", "RecordType", "load"]


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
    compatibility.require(read_schemas(root))
    contract = read(root)
    invariants.require(broken(contract))
    return contract


def broken(contract: Contract) -> Iterator[invariants.Objection]:
    """Every invariant of the catalogue that a contract breaks."""
    return invariants.broken(
        types=contract.types, entries=contract.entries, datasets=contract.datasets, attributes=contract.attributes, codes=contract.codes
    )


def read(root: Path) -> Contract:
    """What a folder says, whole but not held against the invariants yet.

    Raises:
        BadContract: as `load`.
    """
    schemas = read_schemas(root)
    folders = [folder for folder in sorted(root.iterdir()) if (folder / "type.yaml").is_file()]
    types = {folder.name: _record_type(folder, schemas) for folder in folders}
    if not types:
        raise BadContract(f"no record types under {root.name}", file=root.name)
    entries: dict[str, Entry] = {}
    for entry in (entry for record_type in types.values() for entry in record_type.entries):
        if entry.code in entries:
            raise BadContract(f"catalogue code {entry.code} is given twice", code=entry.code)
        entries[entry.code] = entry
    contract = Contract(
        types=types,
        entries=entries,
        departments={row["slug"]: _department(row) for row in _yaml(root / "codes" / "departments.yaml")},
        datasets={path.stem: _yaml(path) for path in sorted((root / "datasets").glob("*.yaml"))},
        attributes=_yaml(root / "attributes.yaml"),
        codes=codes.load(root / "codes"),
        rules=rules.load(root / "rules"),
        calendar=calendar.load(root / "codes" / "calendar.yaml"),
        feedback=feedback.load(root / "feedback.yaml"),
        schemas=schemas,
    )
    for folder, record_type in types.items():
        agree(record_type, folder, contract.departments)
    return contract


def _yaml(path: Path) -> Any:
    try:
        return read_yaml(path)
    except (OSError, yaml.YAMLError) as error:
        raise BadContract(f"{path.name} cannot be read: {error}", file=path.name) from error


def _department(row: Mapping[str, Any]) -> Department:
    return Department(row["slug"], row["uscc"], row["names"]["zh"], row["names"]["en"], row.get("valid_from"), row.get("valid_to"))


def _record_type(folder: Path, schemas: tuple[Schema, ...]) -> RecordType:
    return record_type_of(_yaml(folder / "type.yaml"), folder.name, latest(schemas, f"{NAMESPACE}.{folder.name}"))
