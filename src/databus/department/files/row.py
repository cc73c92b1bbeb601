"""One row of a file, and what a result file had added to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

MARK = "databus."
"""Columns of that name are a result file's own: they tell of a row and are no part of it."""

LIST = "\x1f"
"""Ends each element of a cell that is a list, so that an element may hold what parts elements elsewhere."""

NO_MARKS: Mapping[str, str] = {}


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
