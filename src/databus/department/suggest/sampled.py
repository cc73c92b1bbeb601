"""What the first rows of a file hold, column by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from databus.department.convert import plain
from databus.department.files.row import Row

ROWS = 2_000
DISTINCT = 500
"""Different values of a column that are looked at."""

_LONGEST = 5_000


@dataclass(slots=True)
class Column:
    """One column: how often each of its values occurs, cells that say nothing left out."""

    name: str
    values: Counter[str] = field(default_factory=Counter)
    filled: int = 0

    def note(self, text: str) -> None:
        """Take one cell into account."""
        self.filled += 1
        if text in self.values or len(self.values) < DISTINCT:
            self.values[text] += 1


@dataclass(frozen=True, slots=True)
class Sampled:
    """The columns in the file's order, how many rows were looked at, and which of the words that say nothing they hold."""

    columns: tuple[Column, ...]
    rows: int
    absent: frozenset[str]


def sampled(header: Iterable[str] | None, rows: Iterable[Row], silent: frozenset[str]) -> Sampled:
    """The first rows of a file. `silent` are words that stand for nothing; without a header the rows name the columns."""
    columns = {name: Column(name) for name in header or ()}
    seen, count = set[str](), 0
    for row in islice(rows, ROWS):
        if row.problem:
            continue
        count += 1
        for name, cell in row.cells.items():
            text = cell.strip()[:_LONGEST]
            if not text:
                columns.setdefault(name, Column(name))
            elif plain(text) in silent:
                columns.setdefault(name, Column(name))
                seen.add(plain(text))
            else:
                columns.setdefault(name, Column(name)).note(text)
    return Sampled(tuple(columns.values()), count, frozenset(seen))
