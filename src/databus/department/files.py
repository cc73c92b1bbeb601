"""Rows of a CSV or NDJSON file, one at a time, in bounded memory."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from databus.errors import Malformed, NotFound

CSV = ".csv"
LINE_LIMIT = 1 << 20
"""Longest line in characters; a submission may have no more bytes than that either."""

_HALF = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file (the first row of data is 1), its cells, or why it cannot be read."""

    number: int
    cells: dict[str, str]
    problem: str = ""


def columns_of(path: Path) -> frozenset[str]:
    """The names of the columns: a CSV's header, or every member of any NDJSON line (the whole file is read).

    Raises:
        NotFound: no such file.
        Malformed: no header, no rows, or not UTF-8.
    """
    found = set[str]()
    for row in rows_of(path):
        found |= row.cells.keys()
        if path.suffix.lower() == CSV and not row.problem:
            break
    if not found:
        raise Malformed(f"{path.name} holds no rows", file=path.name)
    return frozenset(found)


def rows_of(path: Path) -> Iterator[Row]:
    """The rows of a file, by its ending: .csv (UTF-8, with a header) or .ndjson/.jsonl.

    Raises:
        NotFound: no such file.
        Malformed: another ending, no header, or not UTF-8.
    """
    readers = {CSV: _csv_rows, ".ndjson": _json_rows, ".jsonl": _json_rows}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise Malformed(f"{path.name} must end in .csv or .ndjson", file=path.name)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from reader(file, path.name)
    except FileNotFoundError:
        raise NotFound(f"there is no file {path.name}", file=path.name) from None
    except UnicodeDecodeError as error:
        raise Malformed(f"{path.name} is not UTF-8; save it as such (Excel: CSV UTF-8)", file=path.name) from error
    except OSError as error:
        raise Malformed(f"{path.name} cannot be read: {error.strerror}", file=path.name) from error


def _lines(file: IO[str]) -> Iterator[str | None]:
    """The lines; None for one that is too long, whose rest is passed over."""
    while line := file.readline(LINE_LIMIT + 1):
        if len(line) <= LINE_LIMIT:
            yield line
            continue
        while line and not line.endswith("\n"):
            line = file.readline(LINE_LIMIT)
        yield None


def _csv_rows(file: IO[str], name: str) -> Iterator[Row]:
    too_long: list[int] = []

    def lines() -> Iterator[str]:
        for line in _lines(file):
            if line is None:
                too_long.append(1)
                yield "\n"
            else:
                yield line.replace("\x00", "\ufffd")

    csv.field_size_limit(LINE_LIMIT)
    reader = csv.reader(lines())
    header = next(reader, None)
    if not header or len(set(header)) != len(header):
        raise Malformed(f"{name} needs a header whose names differ", file=name)
    header = [cell.strip() for cell in header]
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Row(number, {}, f"the row cannot be read: {error}")
            continue
        if cells is None:
            return
        if too_long:
            too_long.clear()
            yield Row(number, {}, f"the row is longer than {LINE_LIMIT} characters")
        elif not cells:
            number -= 1
        elif len(cells) != len(header):
            yield Row(number, dict(zip(header, cells, strict=False)), f"the row has {len(cells)} cells, the header {len(header)}")
        else:
            yield Row(number, dict(zip(header, cells, strict=True)))


def _json_rows(file: IO[str], name: str) -> Iterator[Row]:
    for number, line in enumerate(_lines(file), start=1):
        if line is None:
            yield Row(number, {}, f"the row is longer than {LINE_LIMIT} characters")
        elif line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> Row:
    try:
        value = json.loads(line, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        return Row(number, {}, f"the row is not JSON: {error}")
    if not isinstance(value, dict):
        return Row(number, {}, "the row is not a JSON object")
    if _HALF.search(line) and not _is_unicode(value):
        return Row(number, {}, "the row holds half a character (an escape such as \\ud83d without its other half)")
    return Row(number, _cells(value))


def _is_unicode(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _cells(value: Mapping[str, Any]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for key, member in value.items():
        if key in ("envelope", "subject") and isinstance(member, dict):
            cells |= {f"{key}.{name}": _text(item) for name, item in member.items()}
        elif key == "payload" and isinstance(member, dict):
            cells |= {name: _text(item) for name, item in member.items()}
        else:
            cells[key] = _text(member)
    return cells


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(_text(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
