"""What a verb says: tables and sentences on a terminal, one JSON document with `--json`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

OUT = 200
"""Width assumed where standard output is no terminal, so that no cell is cut."""

# All that a terminal obeys instead of showing it, and what turns the direction of writing; lines may break.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class _Terminal(Console):
    """Shows words as they are written. Strangers have written most: none is markup, an emoji's name or a command to the terminal."""

    def __init__(self, *, stderr: bool, width: int | None = None) -> None:
        super().__init__(stderr=stderr, width=width, soft_wrap=width is not None, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """The text as it is drawn."""
        return super().render_str(_visible(text), **options)


def console() -> Console:
    """Standard output, wide enough for a machine to read whole lines."""
    return _wide(stderr=False)


def aside() -> Console:
    """Standard error: progress and remarks, so that standard output stays clean."""
    return _wide(stderr=True)


def _wide(*, stderr: bool) -> Console:
    out = _Terminal(stderr=stderr)
    return out if out.is_terminal else _Terminal(stderr=stderr, width=OUT)


def headed(head: str, rest: str = "", *, style: str = "bold") -> Text:
    """A line whose beginning is set apart."""
    return Text.assemble((_visible(head), style), _visible(rest))


def failure(what: str, why: str) -> Text:
    """What failed and why, as every verb says it."""
    return headed(f"{what}:", f" {why}", style="bold red")


def _visible(text: str) -> str:
    return _COMMANDS.sub("\ufffd", text)


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
