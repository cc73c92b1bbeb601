"""Result files in the format of what was published, written row by row; one that is there already is replaced at the end."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from databus.department.files.formulas import all_harmless
from databus.department.files.opening import CSV, NDJSON, XLSX
from databus.department.files.row import MARK, Row
from databus.department.files.xlsx.writing import SheetWriter
from databus.department.outcome import RowResult
from databus.department.results.marks import NAMES, marks_of

Write = Callable[[RowResult], None]
_OWN = MARK.rstrip(".")
_DECODER = json.JSONDecoder()
_ENDINGS = {CSV: ".csv", XLSX: ".xlsx", NDJSON: ".ndjson"}


def beside(path: Path, kind: str) -> Path:
    """Where the results of a file go; those of a result file take its own place."""
    return path.with_name(f"{path.stem.removesuffix('.result')}.result{_ENDINGS[kind]}")


@contextmanager
def writing(path: Path, kind: str, columns: Sequence[str] | None) -> Iterator[Write]:
    """What writes one row after the other; the file is there once all are written, and what lay there before until then."""
    draft = path.with_name(f".{path.name}.part")
    opened = {CSV: _csv, XLSX: _xlsx, NDJSON: _ndjson}[kind]
    try:
        with opened(draft, columns or ()) as write:
            yield write
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _header(columns: Sequence[str]) -> Iterator[str]:
    return chain((MARK + name for name in NAMES), columns)


def _texts(result: RowResult, columns: Sequence[str]) -> Iterator[str]:
    cells = result.row.cells
    return chain(marks_of(result).values(), (cells.get(name, "") for name in columns), result.row.surplus)


@contextmanager
def _csv(path: Path, columns: Sequence[str]) -> Iterator[Write]:
    with path.open("w", encoding="utf-8-sig", newline="", errors="replace") as out:
        writer = csv.writer(out)
        writer.writerow(_header(columns))
        yield lambda result: writer.writerow(all_harmless(_texts(result, columns)))


@contextmanager
def _xlsx(path: Path, columns: Sequence[str]) -> Iterator[Write]:
    with path.open("wb") as out, SheetWriter(out) as sheet:
        sheet.write(_header(columns))
        yield lambda result: sheet.write(_texts(result, columns))


@contextmanager
def _ndjson(path: Path, columns: Sequence[str]) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", errors="replace") as out:
        yield lambda result: _put(out.write, result)


def _put(write: Callable[[str], object], result: RowResult) -> None:
    told: Mapping[str, str] = marks_of(result)
    rest = _rest(result.row)
    if rest is None:
        told = {**told, "line": result.row.raw}
    write(f'{{"{_OWN}":{json.dumps(told, ensure_ascii=False)}{"," + rest if rest else "}"}\n')


def _rest(row: Row) -> str | None:
    """What stands in the row's object behind its brace and our own member, as it was written; None where it is no object."""
    if row.problem and not row.raw.startswith("{"):
        return None
    try:
        members, end = _DECODER.raw_decode(row.raw)
        if not isinstance(members, dict) or end != len(row.raw):
            return None
        if _OWN not in members:
            rest = row.raw[1:].lstrip()
        elif next(iter(members)) == _OWN:
            _, behind = _DECODER.raw_decode(row.raw, row.raw.index(":") + 1)
            rest = row.raw[behind:].lstrip().removeprefix(",").lstrip()
        else:
            del members[_OWN]
            rest = json.dumps(members, ensure_ascii=False)[1:]
    except (ValueError, RecursionError):
        return None
    return "" if rest == "}" else rest
