"""The mapping language: how a department's own columns become the contract.

A YAML file:

    type: LP_REGISTRATION          # the record type
    entry: 301001/000002           # the catalogue entry
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
      currency: {from: 注册资金, currency: {currencies: currency}, otherwise: CNY}
      domicile_division: {from: 地区, lookup: division}
      reg_state: ACTIVE

A cell is read in this order: `absent` → `words` (a table of words) → `lookup` (a code list, by name) → `amount` or
`currency` → the field's own kind. `otherwise` stands in where nothing is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Entry
from databus.department.convert import plain
from databus.errors import BadMapping

SUBJECT = ("kind", "name", "uscc", "org_code", "reg_no", "tax_no", "id_type", "id_number")
ENVELOPE_DAYS = ("valid_from", "valid_to", "decided_at")
ENVELOPE_WORDS = (
    "op",
    "publication_class",
    "secrecy",
    "commercial_secret",
    "privacy",
    "legal_basis",
    "admin_division",
    "severity",
    "reason",
    "note",
    "source_seq",
    "withdrawn",
    "fixes",
)
OPTIONS = frozenset({"from", "words", "lookup", "amount", "currency", "formats", "otherwise"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where one value comes from: a column, or a constant where `column` is empty."""

    column: str
    constant: object
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
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


def load(path: Path, contract: Contract) -> FileMapping:
    """The mapping in a file.

    Raises:
        BadMapping: the file names a type, entry, field, list or option that does not exist.
    """
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadMapping(f"{path.name} is not a YAML file that can be read", file=path.name) from error
    if not isinstance(raw, dict):
        raise BadMapping(f"{path.name} holds no mapping", file=path.name)
    return parse(raw, contract)


def parse(raw: Mapping[str, Any], contract: Contract) -> FileMapping:
    """The mapping in this YAML.

    Raises:
        BadMapping: see `load`.
    """
    unknown = raw.keys() - {"type", "entry", "system", "absent", "subject", "envelope", "payload"}
    if unknown:
        raise BadMapping(f"a mapping has no part named {', '.join(sorted(map(str, unknown)))}", parts=sorted(map(str, unknown)))
    record_type = contract.types.get(str(raw.get("type")))
    if record_type is None:
        raise BadMapping(f"type {raw.get('type')} is not a record type; there are {', '.join(contract.types)}", type=raw.get("type"))
    entry = next((entry for entry in record_type.entries if entry.code == str(raw.get("entry"))), None)
    if entry is None:
        codes = ", ".join(f"{entry.code} ({entry.department})" for entry in record_type.entries)
        raise BadMapping(
            f"entry {raw.get('entry')} is not a catalogue entry of {record_type.name}; there are {codes}", entry=raw.get("entry")
        )
    return FileMapping(
        record_type=record_type,
        entry=entry,
        system=str(raw.get("system", "file")),
        absent=frozenset(plain(str(word)) for word in raw.get("absent", ())) | {""},
        subject=_sources(raw.get("subject", {}), frozenset(SUBJECT), "subject", contract),
        envelope=_sources(raw.get("envelope", {}), frozenset(ENVELOPE_DAYS + ENVELOPE_WORDS), "envelope", contract),
        payload=_sources(raw.get("payload", {}), frozenset(record_type.fields), "payload", contract),
    )


def _sources(raw: Any, known: frozenset[str], part: str, contract: Contract) -> dict[str, Source]:
    if not isinstance(raw, dict):
        raise BadMapping(f"{part} must be a table of fields", part=part)
    for name in raw.keys() - known:
        raise BadMapping(f"{part} has no field named {name}", part=part, field=str(name))
    return {name: _source(value, f"{part}.{name}", contract) for name, value in raw.items()}


def _source(value: Any, where: str, contract: Contract) -> Source:
    if not isinstance(value, dict):
        return Source("", value, {})
    unknown = value.keys() - OPTIONS
    if unknown or not isinstance(value.get("from"), str):
        raise BadMapping(f"{where} needs `from`, a column, and knows only {', '.join(sorted(OPTIONS))}", field=where)
    lists = [value.get("lookup"), (value.get("currency") or {}).get("currencies")]
    for name in lists:
        if name is not None and name not in contract.codes.lists:
            raise BadMapping(f"{where} looks up the code list {name}, which does not exist", field=where, list=name)
    return Source(value["from"], None, value)


def identity(record_type: RecordType, entry: Entry, columns: frozenset[str]) -> FileMapping:
    """The mapping of a file whose columns are the contract's own names (`subject.…`, `envelope.…`, payload fields).

    Where a column `subject.…` or `envelope.…` is missing, the type's own `row` says what stands in.
    """

    def filled(part: str, names: tuple[str, ...]) -> dict[str, Source]:
        own = {name: Source(f"{part}.{name}", None, {}) for name in names if f"{part}.{name}" in columns}
        told = {name: _hinted(hint, columns) for name, hint in record_type.row.get(part, {}).items() if name not in own}
        return own | {name: source for name, source in told.items() if source is not None}

    return FileMapping(
        record_type=record_type,
        entry=entry,
        system="file",
        absent=frozenset({""}),
        subject=filled("subject", SUBJECT),
        envelope=filled("envelope", ENVELOPE_DAYS + ENVELOPE_WORDS),
        payload={name: Source(name, None, {}) for name in record_type.fields if name in columns},
    )


def _hinted(hint: Any, columns: frozenset[str]) -> Source | None:
    if isinstance(hint, dict):
        return Source(hint["from"], None, hint) if hint["from"] in columns else None
    return Source("", hint, {})
