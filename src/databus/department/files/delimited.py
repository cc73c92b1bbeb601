"""Rows of a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from databus.department.files import lines
from databus.department.files.formulas import formula, restored
from databus.department.files.lines import LINE_LIMIT, TOO_LONG
from databus.department.files.row import MARK, NO_MARKS, Row
from databus.errors import Malformed

DELIMITERS = (",", "\t", ";")


class _Lines:
    """What `csv` reads: decoded lines. `problem` is what is wrong with those of the row at hand."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file, self._encoding = file, encoding
        self.problem = ""
        self.size = 0
        """Bytes of the row at hand; who takes a row sets it back."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(LINE_LIMIT + 1)
        if not raw:
            raise StopIteration
        self.size += len(raw)
        if self.size > LINE_LIMIT:
            lines.pass_over(self._file, raw)
            # The reader's state is lost with the row, so that a quote left open ends here and swallows nothing more.
            raise csv.Error(f"{TOO_LONG}; is a quote left open?" if self.size != len(raw) else TOO_LONG)
        text, problem = lines.decoded(raw, self._encoding)
        self.problem = self.problem or problem
        return text


class Delimited:
    """A CSV file, opened: `columns` is its header, in the row `at`, without a result file's own; iterating gives the rows behind it."""

    def __init__(self, file: BinaryIO, name: str, encoding: str, at: int = 1) -> None:
        self._lines = _Lines(file, encoding)
        start = file.tell()
        header = self._header(name, at, delimiter=",")
        if len(header) == 1 and (other := [one for one in DELIMITERS if one in header[0]]):
            file.seek(start)
            self._lines = _Lines(file, encoding)
            header = self._header(name, at, delimiter=other[0])
        if "" in header or len(set(header)) != len(header):
            raise Malformed(f"row {at} of {name} should be a header whose names differ and none is empty", file=name)
        if wrong := formula(header):
            raise Malformed(f"the header of {name}: {wrong}", file=name)
        self._columns = header
        self._marked = any(column.startswith(MARK) for column in header)
        self.columns = tuple(column for column in header if not column.startswith(MARK))

    def _header(self, name: str, at: int, *, delimiter: str) -> list[str]:
        csv.field_size_limit(LINE_LIMIT)
        self._reader = csv.reader(self._lines, delimiter=delimiter, strict=True)
        try:
            for _ in range(at):
                self._lines.size, self._lines.problem = 0, ""
                if (header := next(self._reader, None)) is None:
                    break
        except csv.Error as error:
            raise Malformed(f"the header of {name} cannot be read: {_said(error)}", file=name) from error
        names = [cell.strip() for cell in header or ()]
        # A spreadsheet saves the columns to the right of its data with it, where they were once touched.
        while names and not names[-1]:
            names.pop()
        if not names or self._lines.problem:
            raise Malformed(f"{name} needs a header: {self._lines.problem or f'row {at} is empty'}", file=name)
        self._lines.size = 0
        return names

    def __iter__(self) -> Iterator[Row]:
        number, reader, told, width = 0, self._reader, self._lines, len(self._columns)
        while True:
            number += 1
            told.size, told.problem = 0, ""
            before = reader.line_num
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(number, {}, f"{_said(error)} (line {before + 1} and on)")
                continue
            if len(cells) > width and not any(cells[width:]):
                del cells[width:]
            if not cells:
                number -= 1
            elif not any(cells) and not told.problem:
                continue
            elif told.problem or len(cells) != width:
                yield self._odd(number, cells, told.problem)
            else:
                row = dict(zip(self._columns, cells, strict=True))
                yield self._unmarked(number, row) if self._marked else Row(number, row, formula(cells))

    def _odd(self, number: int, cells: list[str], problem: str) -> Row:
        width = len(self._columns)
        problem = problem or f"the row has {len(cells)} cells, the header {width}"
        return self._unmarked(number, dict(zip(self._columns, cells, strict=False)), problem, tuple(cells[width:]))

    def _unmarked(self, number: int, cells: dict[str, str], problem: str = "", surplus: tuple[str, ...] = ()) -> Row:
        if not self._marked:
            return Row(number, cells, problem, surplus)
        marks = {name.removeprefix(MARK): text for name, text in cells.items() if name.startswith(MARK)}
        own = {name: restored(text) for name, text in cells.items() if not name.startswith(MARK)}
        return Row(number, own, problem or formula(own.values()), surplus, marks or NO_MARKS)


def _said(error: csv.Error) -> str:
    """What is wrong, without Python's advice to whoever opens a file in Python."""
    return "a line ends with CR alone; let lines end with LF or CRLF" if "new-line" in str(error) else str(error)
