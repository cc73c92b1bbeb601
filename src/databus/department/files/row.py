"""One row of a file, and what a result file had added to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

MARK = "databus."
"""Columns of that name are a result file's own: they tell of a row and are no part of it."""

STRUCTURE = "\x02"
"""Begins a cell of a format with structure that holds an object or a list, as JSON; only a field that holds records or texts reads it."""

NO_MARKS: Mapping[str, str] = {}


def has_structure(value: Any) -> bool:
    """True for an object, and for a list of nothing but objects or nothing but plain values."""
    if not isinstance(value, list):
        return isinstance(value, dict)
    return all(isinstance(one, dict) for one in value) or not any(isinstance(one, dict | list) for one in value)


def structured(value: Any) -> str:
    """Such a value as a cell; a list of nothing says nothing."""
    return "" if value == [] else STRUCTURE + json.dumps(value, ensure_ascii=False)


def shown(cell: str) -> str:
    """A cell as a remark repeats it."""
    return cell.removeprefix(STRUCTURE)


class Row(NamedTuple):
    """One row: its number in the file (the first row of data is 1), its cells by column, or why it cannot be read.

    `surplus` are cells beyond the header, `marks` those of a result file, without `MARK`; `raw` is the row as it was written,
    where its format has no columns (NDJSON).
    """

    number: int
    cells: dict[str, str]
    problem: str = ""
    surplus: tuple[str, ...] = ()
    marks: Mapping[str, str] = NO_MARKS
    raw: str = ""
