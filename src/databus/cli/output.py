"""What a verb says: tables and sentences on a terminal, one JSON document with `--json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

OUT = 200
"""Width assumed where standard output is no terminal, so that no cell is cut."""


def console() -> Console:
    """Standard output, wide enough for a machine to read whole lines."""
    return _wide(Console(highlight=False))


def aside() -> Console:
    """Standard error: progress and remarks, so that standard output stays clean."""
    return _wide(Console(stderr=True, highlight=False))


def _wide(out: Console) -> Console:
    return out if out.is_terminal else Console(stderr=out.stderr, width=OUT, highlight=False, soft_wrap=True)


def as_json(value: Any) -> str:
    """The JSON document of a value; dataclasses, dates and tuples included."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_PASSTHROUGH_DATETIME).decode()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, frozenset | set | tuple):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table; numbers are set to the right, `None` is empty."""
    drawn = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    listed = [list(row) for row in rows]
    for number, column in enumerate(columns):
        right = bool(listed) and all(isinstance(row[number], int | float) for row in listed)
        drawn.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in listed:
        drawn.add_row(*("" if cell is None else f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    return drawn


def bytes_of(size: int) -> str:
    """A size in memory for people."""
    return f"{size / (1 << 20):,.0f} MiB" if size else ""
