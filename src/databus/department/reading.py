"""One row of a file, read through a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from databus.contract.catalogue import Contract
from databus.department.cells import Read, as_it_is
from databus.department.convert import Unreadable, plain
from databus.department.files.row import STRUCTURE, shown
from databus.department.mapping import FileMapping

Cut = dict[str, dict[str, Any]]
"""What a row says: {"subject": …, "envelope": …, "payload": …}, without what it leaves open."""

PARTS = ("payload", "subject", "envelope")
_WIDEST = 4
"""Characters that one of a normalised word may be made of."""


@dataclass(frozen=True, slots=True)
class Defect:
    """A cell that could not be read; `field` is that of the payload, or `subject.…`, `envelope.…`."""

    field: str
    observed: str
    expected: str
    suggestion: str


class _Step(NamedTuple):
    part: str
    name: str
    column: str
    read: Read | None
    otherwise: object


@lru_cache(maxsize=256)
def _plan(mapping: FileMapping, columns: frozenset[str]) -> tuple[tuple[_Step, ...], frozenset[str], int]:
    """The steps of a mapping in order that these columns lead to, the words that say nothing, and the most characters one of them may
    be written in."""
    parts = zip(PARTS, (mapping.payload, mapping.subject, mapping.envelope), strict=True)
    all_of_it = (
        _Step(part, name, source.column, source.read, source.otherwise) for part, sources in parts for name, source in sources.items()
    )
    steps = (step for step in all_of_it if step.otherwise is not None or (step.read is not None and step.column in columns))
    absent = mapping.absent - {""}
    return tuple(steps), absent, _WIDEST * max(map(len, absent), default=0)


def apply(mapping: FileMapping, row: Mapping[str, str], contract: Contract) -> tuple[Cut, list[Defect]]:
    """One row, cut into its parts, and the cells that could not be read; one that the payload and the envelope share once."""
    codes, cell = contract.codes, row.get
    cut: Cut = {"payload": {}, "subject": {}, "envelope": {}}
    defects: list[Defect] = []
    steps, absent, longest = _plan(mapping, frozenset(row))
    for step in steps:
        part, name, column, read, otherwise = step
        value = otherwise
        if read is None or not (text := (cell(column) or "").strip()):
            pass
        elif not (text in absent or (longest >= len(text) and plain(text) in absent)):
            if read is as_it_is and text[0] != STRUCTURE:
                value = text
            else:
                try:
                    value = read(text, codes)
                except Unreadable as error:
                    _note(defects, mapping, step, row, error)
                    continue
                value = otherwise if value is None else value
        if value is not None:
            cut[part][name] = value
    return cut, defects


def _note(defects: list[Defect], mapping: FileMapping, step: _Step, row: Mapping[str, str], error: Unreadable) -> None:
    told = {mapping.payload[one.field].column for one in defects if one.field in mapping.payload}
    if step.part != "payload" and step.column in told:
        return
    field = step.name if step.part == "payload" else f"{step.part}.{step.name}"
    defects.append(Defect(field, shown(row.get(step.column, "")), error.expected, error.suggestion))
