"""Rows of a workbook's sheet; its first row that says anything is the header, if nobody names another."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Self

from databus.department.files.formulas import formula
from databus.department.files.lines import NUL
from databus.department.files.row import MARK, NO_MARKS, Row
from databus.department.files.xlsx.markup import parse
from databus.department.files.xlsx.package import Package
from databus.department.files.xlsx.sheet import Sheet, SheetRow
from databus.department.files.xlsx.strings import Strings
from databus.department.files.xlsx.styles import Styles
from databus.errors import Malformed, NotFound

BOOK, RELATIONS, TEXTS, LOOKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/styles.xml"
SMALL = 16 << 20
"""Bytes of the parts that are read whole: the list of sheets, their places, the styles."""


class Workbook:
    """A workbook, opened at one sheet: `columns` is its header, in the row `at`, without a result file's own; iterating gives the rows
    behind it.

    Raises:
        Malformed: no workbook, or one that could do harm; no header.
        TooLarge: it unpacks to more than a workbook has.
        NotFound: it has no such sheet.
    """

    def __init__(self, file: BinaryIO, name: str, sheet: str = "", at: int = 1) -> None:
        self._name, self._read = name, 0
        self._package = package = Package(file, name)
        part = self._part(sheet)
        self.size = package.size(part) if package.has(part) else 0
        days = Styles(package.blocks(LOOKS, largest=SMALL), name).days if package.has(LOOKS) else frozenset()
        self._strings = Strings(package.blocks(TEXTS), name) if package.has(TEXTS) else None
        found = Sheet(self._counted(package.blocks(part)), name, strings=self._strings, days=days, from_1904=self._from_1904)
        self._rows = (row for row in found if row.number >= at and (row.cells or row.problem))
        self._header = self._read_header()
        self.columns = tuple(column for column in self._header if not column.startswith(MARK))

    def _part(self, wanted: str) -> str:
        places: dict[str, str] = {}
        sheets: list[tuple[str, str]] = []
        epochs: list[str] = []

        def start(element: str, attributes: dict[str, str]) -> None:
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                places[attributes.get("Id", "")] = Package.beside(BOOK, attributes.get("Target", ""))
            elif element == "sheet":
                place = next((value for name, value in attributes.items() if name.endswith(" id")), "")
                sheets.append((attributes.get("name", ""), place))
            elif element == "workbookPr":
                epochs.append(attributes.get("date1904", "0"))

        for part in (RELATIONS, BOOK):
            for _ in parse(self._package.blocks(part, largest=SMALL), self._name, start=start, end=lambda _: None, said=lambda _: None):
                pass
        self._from_1904 = bool(epochs) and epochs[0] in ("1", "true")
        found = next((place for name, place in sheets if not wanted or name == wanted), None)
        if found is None:
            raise NotFound(f"{self._name} has no sheet {wanted}; there are {', '.join(name for name, _ in sheets)}", sheet=wanted)
        if found not in places:
            raise Malformed(f"{self._name} does not say where its sheet lies", file=self._name)
        return places[found]

    def _counted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self._read += len(block)
            yield block

    def done(self) -> int:
        """Bytes of the sheet read so far."""
        return self._read

    def _read_header(self) -> list[str]:
        first = next(self._rows, None)
        if first is None or first.problem:
            raise Malformed(f"{self._name} needs a header{': ' + first.problem if first else ''}", file=self._name)
        self._first = first.number
        header = [first.cells.get(number, "").strip() for number in range(max(first.cells) + 1)]
        while header and not header[-1]:
            header.pop()
        if not header or "" in header or len(set(header)) != len(header):
            raise Malformed(f"row {first.number} of {self._name} should be a header whose names differ and none is empty", file=self._name)
        if wrong := formula(header):
            raise Malformed(f"the header of {self._name}: {wrong}", file=self._name)
        return header

    def __iter__(self) -> Iterator[Row]:
        width = len(self._header)
        for row in self._rows:
            yield self._told(row, width)

    def _told(self, row: SheetRow, width: int) -> Row:
        texts = row.cells
        cells = {name: texts.get(number, "") for number, name in enumerate(self._header)}
        surplus = tuple(text for number, text in sorted(texts.items()) if number >= width and text)
        marks = {name.removeprefix(MARK): cells.pop(name) for name in self._header if name.startswith(MARK)} or NO_MARKS
        problem = row.problem or (f"the row has {len(surplus)} cells beyond the header" if surplus else "")
        problem = problem or formula(texts.values()) or ("the row holds a NUL" if any(NUL in text for text in texts.values()) else "")
        return Row(row.number - self._first, cells, problem, surplus, marks)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._strings is not None:
            self._strings.close()
        self._package.close()
