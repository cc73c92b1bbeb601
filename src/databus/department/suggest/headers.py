"""Which fields a header may mean, by every name the contract knows for them."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from databus.contract.catalogue import RecordType
from databus.contract.columns import heading, names_of
from databus.department.convert import POWERS

_UNIT = re.compile(r"[(（\[【]\s*(?:人民币)?\s*(?P<power>万亿|十万|百万|千万|[十百千万亿])?\s*元?\s*[)）\]】]\s*$")
_NEAR = 0.7
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Named:
    """A field that a header may mean. `options` go with the name; `exact` is false where the header is only like the name."""

    field: str
    options: Mapping[str, Any]
    exact: bool
    likeness: float


def unit_of(text: str) -> int | None:
    """The power of ten of the unit in brackets behind a header or a field's name: `(万元)` is 4, `(元)` is 0; None without one."""
    found = _UNIT.search(unicodedata.normalize("NFKC", text))
    return None if found is None else POWERS[found["power"] or ""]


def bare(text: str) -> str:
    """A header without the unit behind it."""
    return _UNIT.sub("", unicodedata.normalize("NFKC", text))


class Index:
    """The names of a type's fields."""

    def __init__(self, record_type: RecordType) -> None:
        self._names: dict[str, list[Named]] = defaultdict(list)
        for field in record_type.fields.values():
            for column in names_of(field, record_type.columns.get(field.name, ())):
                self._names[heading(column.name)].append(Named(field.name, column.options, True, 1.0))

    def meant(self, header: str) -> tuple[Named, ...]:
        """The fields of this very name, with or without its unit; else those of a name like it, the likest first."""
        for name in (heading(header), heading(bare(header))):
            if found := self._names.get(name):
                return _each_once(found)
        return _each_once(sorted(self._near(heading(bare(header))[:_LONGEST]), key=lambda one: -one.likeness))

    def _near(self, name: str) -> Iterator[Named]:
        for known, fields in self._names.items():
            likeness = _likeness(name, known)
            if likeness >= _NEAR:
                yield from (Named(one.field, one.options, False, likeness) for one in fields)


def _each_once(found: list[Named]) -> tuple[Named, ...]:
    kept: dict[str, Named] = {}
    for one in found:
        kept.setdefault(one.field, one)
    return tuple(kept.values())


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _NEAR and matcher.quick_ratio() >= _NEAR else 0.0
