"""Rows of a sheet: cells by column number, what is wrong with one of them, and the row's number in the sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from databus.department.files.xlsx import values
from databus.department.files.xlsx.markup import parse
from databus.department.files.xlsx.strings import LONGEST_TEXT, Strings, unescaped
from databus.errors import Malformed

COLUMNS = 16_384


@dataclass(slots=True)
class SheetRow:
    """One row as it lies in the sheet."""

    number: int
    cells: dict[int, str] = field(default_factory=dict)
    problem: str = ""


@lru_cache(maxsize=COLUMNS)
def column_of(letters: str) -> int:
    """A → 0, Z → 25, AA → 26; -1 where these are no letters of a column."""
    number = 0
    for letter in letters:
        if not "A" <= letter <= "Z" or number > COLUMNS:
            return -1
        number = number * 26 + ord(letter) - 64
    return number - 1 if 0 < number <= COLUMNS else -1


class Sheet:
    """A sheet, read once."""

    def __init__(self, blocks: Iterable[bytes], name: str, *, strings: Strings | None, days: frozenset[str], from_1904: bool) -> None:
        self._blocks, self._name = blocks, name
        self._strings, self._days, self._from_1904 = strings, days, from_1904
        self._rows: list[SheetRow] = []
        self._row = SheetRow(0)
        self._column, self._type, self._style = -1, "n", ""
        self._parts: list[str] = []
        self._size, self._listens, self._aside = 0, False, False

    def __iter__(self) -> Iterator[SheetRow]:
        for _ in parse(self._blocks, self._name, start=self._start, end=self._end, said=self._said):
            if self._rows:
                yield from self._rows
                self._rows = []

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        if element == "c":
            place = attributes.get("r")
            self._column = self._column + 1 if place is None else column_of(place.rstrip("0123456789"))
            self._type, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._parts, self._size = [], 0
        elif element == "v" or element == "t":
            self._listens = not self._aside
        elif element == "f":
            self._wrong("holds a formula; paste its value instead")
        elif element == "row":
            number = int(told) if (told := attributes.get("r", "")).isdigit() and len(told) < 9 else self._row.number + 1
            if number <= self._row.number:
                raise Malformed(f"{self._name} has its rows out of order", file=self._name)
            self._row, self._column = SheetRow(number), -1
        elif element == "rPh":
            self._aside = True

    def _said(self, text: str) -> None:
        if self._listens:
            self._size += len(text)
            if self._size <= LONGEST_TEXT:
                self._parts.append(text)

    def _end(self, element: str) -> None:
        if element == "v" or element == "t":
            self._listens = False
        elif element == "c":
            if self._size:
                self._take("".join(self._parts))
        elif element == "row":
            self._rows.append(self._row)
        elif element == "rPh":
            self._aside = False

    def _take(self, raw: str) -> None:
        if self._size > LONGEST_TEXT or not 0 <= self._column < COLUMNS:
            self._wrong("is longer than a cell may be" if self._size > LONGEST_TEXT else "lies in no column")
            return
        try:
            self._row.cells[self._column] = self._value(raw)
        except values.Unshown as error:
            self._wrong(f"holds {error}")

    def _value(self, raw: str) -> str:
        match self._type:
            case "s" if self._strings is not None and raw.isdigit() and len(raw) < 10:
                return self._strings.get(int(raw))
            case "n":
                return values.day(raw, from_1904=self._from_1904) if self._style in self._days else values.number(raw)
            case "inlineStr" | "str":
                return unescaped(raw)
            case "b":
                return "true" if raw == "1" else "false"
            case "d":
                return raw.removesuffix("T00:00:00")
            case _:
                raise values.Unshown(f"the error {raw[:16]}" if self._type == "e" else "what no cell can hold")

    def _wrong(self, what: str) -> None:
        letters, number = "", self._column + 1
        while number > 0:
            number, rest = divmod(number - 1, 26)
            letters = chr(65 + rest) + letters
        self._row.problem = self._row.problem or f"the cell {letters}{self._row.number} {what}"
