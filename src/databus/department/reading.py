"""One row of a file, read through a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from databus.contract.catalogue import Contract
from databus.contract.codes import Codes
from databus.department.convert import Unreadable, plain
from databus.department.mapping import FileMapping, Source

Cut = dict[str, dict[str, Any]]
"""What a row says: {"subject": …, "envelope": …, "payload": …}, without what it leaves open."""


@dataclass(frozen=True, slots=True)
class Defect:
    """A cell that could not be read; `field` is that of the payload, or `subject.…`, `envelope.…`."""

    field: str
    observed: str
    expected: str
    suggestion: str


def apply(mapping: FileMapping, row: Mapping[str, str], contract: Contract) -> tuple[Cut, list[Defect]]:
    """One row, cut into its parts, and the cells that could not be read; one that the payload and the envelope share once."""
    parts = {"payload": mapping.payload, "subject": mapping.subject, "envelope": mapping.envelope}
    cut: Cut = {part: {} for part in parts}
    defects: list[Defect] = []
    told = set[str]()
    for part, sources in parts.items():
        for name, source in sources.items():
            try:
                value = _read(source, row, mapping.absent, contract.codes)
            except Unreadable as error:
                if part == "payload":
                    told.add(source.column)
                    defects.append(Defect(name, row.get(source.column, ""), error.expected, error.suggestion))
                elif source.column not in told:
                    defects.append(Defect(f"{part}.{name}", row.get(source.column, ""), error.expected, error.suggestion))
                continue
            if value is not None:
                cut[part][name] = value
    return cut, defects


def _read(source: Source, row: Mapping[str, str], absent: frozenset[str], codes: Codes) -> object:
    text = row.get(source.column, "").strip()
    if source.read is None or plain(text) in absent:
        return source.otherwise
    value = source.read(text, codes)
    return source.otherwise if value is None else value
