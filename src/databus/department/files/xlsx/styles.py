"""Which styles of a workbook show a number as a day."""

from __future__ import annotations

import re
from collections.abc import Iterable

from databus.department.files.xlsx.markup import parse

# Built in: 14-22 everywhere; 27-36 and 50-58 are days in Chinese, Japanese and Korean Excel (ECMA-376 18.8.30).
_DAYS = frozenset({14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 55), 57, 58})
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_STYLES = 1 << 16


class Styles:
    """The styles of a workbook."""

    def __init__(self, blocks: Iterable[bytes], name: str) -> None:
        self._formats: dict[str, str] = {}
        self._of: list[str] = []
        self._inside = False
        for _ in parse(blocks, name, start=self._start, end=self._end, said=lambda _: None):
            pass
        self.days = frozenset(str(number) for number, form in enumerate(self._of) if self._is_day(form))
        """Numbers of the styles that show a day."""

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        if element == "numFmt" and len(self._formats) < _STYLES:
            self._formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif element == "cellXfs":
            self._inside = True
        elif element == "xf" and self._inside and len(self._of) < _STYLES:
            self._of.append(attributes.get("numFmtId", "0"))

    def _end(self, element: str) -> None:
        if element == "cellXfs":
            self._inside = False

    def _is_day(self, form: str) -> bool:
        if form in self._formats:
            letters = _LITERAL.sub("", self._formats[form].partition(";")[0]).lower()
            return "y" in letters or "d" in letters or ("m" in letters and not {"h", "s"} & set(letters))
        return form.isdigit() and int(form) in _DAYS
