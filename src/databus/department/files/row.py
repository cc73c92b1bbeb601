"""One row of a file, and what a result file had added to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

MARK = "databus."
"""Columns of that name are a result file's own: they tell of a row and are no part of it."""

LIST = "\x1f"
"""Ends each element of a cell that is a list, so that an element may hold what parts elements elsewhere."""

RECORDS = "\x02"
"""Begins a cell of a format with structure that holds a record or several, as JSON; only a field that holds records reads it."""

NO_MARKS: Mapping[str, str] = {}


def holds_records(value: Any) -> bool:
    """True for an object, and for a list of nothing but objects."""
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value))


def records_text(value: Any) -> str:
    """Such a value as a cell."""
    return RECORDS + json.dumps(value, ensure_ascii=False)


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
