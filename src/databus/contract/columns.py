"""What departments call the columns of a record type: national codes, registry columns and words (`columns` in type.yaml).

    columns:
      doc_no: [CF_WSH, 决定书文号]                                   # field: the names a column of it may bear
      fine_yuan: [{name: CF_NR_FK, amount: {power: 0, unnamed: 4}}]  # with the options its cells are read with

The field's own name and its names in zh and en count without being listed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from databus.contract.fields import Field

# What headers are decorated with and what tells nothing apart: spaces, punctuation, brackets of any width.
_DECORATION = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Column:
    """One name a column may bear, and the options of the mapping language that go with it."""

    name: str
    options: Mapping[str, Any]


def columns_of(raw: Mapping[str, Any]) -> dict[str, tuple[Column, ...]]:
    """The columns of a type by field.

    Raises:
        KeyError, TypeError, ValueError: it is not such a table, or gives one name to two fields.
    """
    found = {field: tuple(map(_column, names)) for field, names in raw.items()}
    taken: dict[str, str] = {}
    for field, columns in found.items():
        for column in columns:
            other = taken.setdefault(heading(column.name), field)
            if other != field:
                raise ValueError(f"the column {column.name}, which is both {other} and {field}")
    return found


def _column(raw: Any) -> Column:
    if isinstance(raw, str):
        return Column(raw, {})
    return Column(str(raw["name"]), {name: value for name, value in raw.items() if name != "name"})


def names_of(field: Field, columns: tuple[Column, ...]) -> Iterator[Column]:
    """Every name of a field, its own first."""
    yield from (Column(name, {}) for name in (field.name, field.zh, field.en))
    yield from columns


def heading(text: str) -> str:
    """A header as headers are compared: NFKC, any case, letters and digits only. `CF_WSH`, `cf-wsh` and ` ＣＦ＿ＷＳＨ` are one."""
    return _DECORATION.sub("", unicodedata.normalize("NFKC", text)).casefold()
