"""The mapping language: how a department's own columns become the contract.

A YAML file:

    type: LP_REGISTRATION          # the record type
    entry: 307001/000002           # the catalogue entry
    system: archive                # the department's system that holds the facts
    absent: ["N/A", ""]            # cells that say nothing
    subject:                       # whom a row is about
      kind: ORGANISATION           #   a plain word is true of every row
      name: {from: 企业名称}
      uscc: {from: 统一社会信用代码}
    envelope:                      # further facts of the envelope
      decided_at: {from: 决定日期}
    payload:
      name: {from: 企业名称}
      established_on: {from: 注册日期, formats: ["%Y-%m-%d"]}
      reg_capital_10k: {from: 注册资金, amount: {power: 4}}
      currency: {from: 注册资金, currency: {currencies: currency, unnamed: CNY}}
      domicile_division: {from: 地区, lookup: divisions}
      reg_state: {from: 状态, words: {在营: ACTIVE}, otherwise: ACTIVE}

A cell is read in this order: `absent` → `words` (a table of words) → `lookup` (a code list, by name), `amount` (in units
of 10^power; `unnamed` is the power of cells that name no unit, 0 without it) or `currency` (what a sum names, `unnamed` where
it names none) → the field's own kind. `otherwise` stands in where nothing is left; beside `words` it stands in for every other
word as well. `questions` is what `databus publish suggest` could not settle: a mapping that holds one is not taken.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from databus.contract.catalogue import Contract, RecordType
from databus.contract.codes import Codes
from databus.contract.entries import Entry
from databus.contract.fields import Field
from databus.department import mapping_file
from databus.department.cells import ENVELOPE, SUBJECT, Read, bad, constant, reader
from databus.department.convert import plain
from databus.department.files.row import Row
from databus.errors import BadMapping

PARTS = frozenset({"type", "entry", "system", "absent", "subject", "envelope", "payload", "questions"})

_SHAPES = 256
_LONGEST_NAME = 64
"""Characters of a name that is not known; what is longer is not compared with those that are."""

_NO_CODES = Codes({})


@dataclass(frozen=True, slots=True)
class Source:
    """Where one value comes from: a column with its reader, or where `column` is empty the value `otherwise`."""

    column: str
    read: Read | None
    otherwise: object


@dataclass(frozen=True, slots=True, eq=False)
class FileMapping:
    """A mapping, checked against the contract."""

    record_type: RecordType
    entry: Entry
    system: str
    absent: frozenset[str]
    subject: Mapping[str, Source]
    envelope: Mapping[str, Source]
    payload: Mapping[str, Source]

    @property
    def columns(self) -> frozenset[str]:
        """The columns a file must have."""
        sources = (*self.subject.values(), *self.envelope.values(), *self.payload.values())
        return frozenset(source.column for source in sources if source.column)

    def of(self, row: Row) -> FileMapping:
        """The mapping of one row: the same for all."""
        return self


class Columns(Protocol):
    """What tells the mapping of a row."""

    @property
    def entry(self) -> Entry:
        """The catalogue entry all rows are published under."""
        ...

    def of(self, row: Row) -> FileMapping:
        """The mapping of a row.

        Raises:
            BadMapping: the row says what the contract has no field for.
        """
        ...


class OwnColumns:
    """Rows that name their own columns (NDJSON): each is read by the mapping of its very columns."""

    def __init__(self, record_type: RecordType, entry: Entry, system: str = "file") -> None:
        self.entry = entry
        self._of = lru_cache(maxsize=_SHAPES)(lambda columns: identity(record_type, entry, columns, system))

    def of(self, row: Row) -> FileMapping:
        """See `Columns`."""
        return self._of(frozenset(row.cells))


def load(path: Path, contract: Contract) -> FileMapping:
    """The mapping in a file.

    Raises:
        BadMapping: the file names a type, entry, field, list or option that does not exist.
    """
    return parse(mapping_file.read(path), contract)


def parse(raw: Mapping[Any, Any], contract: Contract) -> FileMapping:
    """The mapping in this YAML.

    Raises:
        BadMapping: see `load`.
    """
    unknown = sorted(str(part) for part in raw.keys() - PARTS)
    if unknown:
        raise BadMapping(f"a mapping has no part named {', '.join(unknown)}", parts=unknown)
    if raw.get("questions"):
        asked = [str(one.get("column")) if isinstance(one, dict) else str(one)[:_LONGEST_NAME] for one in _listed(raw, "questions")]
        raise BadMapping(f"the mapping still asks about {', '.join(asked)}: answer each, and remove it from `questions`", columns=asked)
    record_type = contract.types.get(str(raw.get("type")))
    if record_type is None:
        raise BadMapping(f"type {raw.get('type')} is not a record type; there are {', '.join(contract.types)}", type=str(raw.get("type")))
    return FileMapping(
        record_type=record_type,
        entry=_entry(raw.get("entry"), record_type),
        system=str(raw.get("system") or "file"),
        absent=frozenset(plain(str(word)) for word in _listed(raw, "absent")) | {""},
        subject=_sources(raw.get("subject"), "subject", dict.fromkeys(SUBJECT), contract.codes),
        envelope=_sources(raw.get("envelope"), "envelope", dict.fromkeys(ENVELOPE), contract.codes),
        payload=_sources(raw.get("payload"), "payload", record_type.fields, contract.codes),
    )


def _listed(raw: Mapping[Any, Any], part: str) -> list[Any]:
    found = raw.get(part) or []
    if not isinstance(found, list):
        raise bad(part, "must be a list")
    return found


def _entry(code: object, record_type: RecordType) -> Entry:
    for entry in record_type.entries:
        if entry.code == str(code):
            return entry
    codes = ", ".join(f"{entry.code} ({entry.department})" for entry in record_type.entries)
    raise BadMapping(f"entry {code} is not a catalogue entry of {record_type.name}; there are {codes}", entry=str(code))


def _sources(raw: object, part: str, fields: Mapping[str, Field | None], codes: Codes) -> dict[str, Source]:
    if raw is not None and not isinstance(raw, dict):
        raise bad(part, "must be a table of fields")
    table = raw or {}
    for name in table:
        if name not in fields:
            told = str(name)[:_LONGEST_NAME]
            raise BadMapping(f"{part} has no field named {told}{_near(told, fields)}", part=part, field=told)
    return {name: _source(value, f"{part}.{name}", fields[name], codes) for name, value in table.items()}


def _source(value: Any, place: str, field: Field | None, codes: Codes) -> Source:
    if not isinstance(value, dict):
        return Source("", None, constant(place, field, value, codes))
    read = reader(place, field, value, codes)
    return Source(value["from"], read, constant(place, field, value.get("otherwise"), codes))


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; is {near[0]} meant?" if near else ""


def identity(record_type: RecordType, entry: Entry, columns: frozenset[str], system: str = "file") -> FileMapping:
    """The mapping of a file whose columns are the contract's own names (`subject.…`, `envelope.…`, payload fields).

    Where a column `subject.…` or `envelope.…` is missing, the type's own `row` says what stands in.

    Raises:
        BadMapping: a column is none of these; nothing of a file is left out unsaid.
    """
    own = {*record_type.fields, *(f"subject.{name}" for name in SUBJECT), *(f"envelope.{name}" for name in ENVELOPE)}
    for column in sorted(column[:_LONGEST_NAME] for column in columns - own):
        said = f"{record_type.name} has no field for the column {column}{_near(column, own)}"
        raise BadMapping(f"{said}; a mapping file can say what becomes of a file's own columns", column=column)

    def filled(part: str, names: tuple[str, ...]) -> dict[str, Source]:
        hints = {
            name: hint for name, hint in record_type.row.get(part, {}).items() if not isinstance(hint, dict) or hint["from"] in columns
        }
        told = {name: {"from": f"{part}.{name}"} for name in names if f"{part}.{name}" in columns}
        return _sources({**hints, **told}, part, dict.fromkeys(names), _NO_CODES)

    fields = {name: {"from": name} for name in record_type.fields if name in columns}
    return FileMapping(
        record_type=record_type,
        entry=entry,
        system=system,
        absent=frozenset({""}),
        subject=filled("subject", SUBJECT),
        envelope=filled("envelope", ENVELOPE),
        payload=_sources(fields, "payload", record_type.fields, _NO_CODES),
    )
