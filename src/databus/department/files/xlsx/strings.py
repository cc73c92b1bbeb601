"""The texts that cells share, on disk: a workbook may have millions of them."""

from __future__ import annotations

import os
import re
import struct
import tempfile
from collections.abc import Iterable
from functools import lru_cache

from databus.department.files.xlsx.markup import parse
from databus.errors import Malformed

LONGEST_TEXT = 32_767
"""Characters of a cell; no spreadsheet takes more."""

_PLACE = struct.Struct("<QI")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CACHED = 1 << 14


def unescaped(text: str) -> str:
    """The text of a cell: characters XML cannot hold are written `_x000D_` in a workbook."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class Strings:
    """Texts by number. Raises Malformed for a number there is not, or a text longer than a cell."""

    def __init__(self, blocks: Iterable[bytes], name: str) -> None:
        self._name = name
        self._texts, self._places = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._at = self._count = 0
        self._parts: list[str] = []
        self._size, self._in_text, self._aside = 0, False, 0
        for _ in parse(blocks, name, start=self._start, end=self._end, said=self._said):
            pass
        self._texts.flush()
        self._places.flush()
        self.get = lru_cache(maxsize=_CACHED)(self._read)

    def _start(self, element: str, _: dict[str, str]) -> None:
        if element == "si":
            self._parts, self._size = [], 0
        elif element == "rPh":
            self._aside += 1  # how a text is pronounced is not the text
        elif element == "t":
            self._in_text = not self._aside

    def _said(self, text: str) -> None:
        if self._in_text:
            self._size += len(text)
            if self._size > LONGEST_TEXT:
                raise Malformed(f"a text of {self._name} is longer than a cell may be", file=self._name)
            self._parts.append(text)

    def _end(self, element: str) -> None:
        if element == "t":
            self._in_text = False
        elif element == "rPh":
            self._aside -= 1
        elif element == "si":
            text = unescaped("".join(self._parts)).encode("utf-8", "surrogatepass")
            self._texts.write(text)
            self._places.write(_PLACE.pack(self._at, len(text)))
            self._at += len(text)
            self._count += 1

    def _read(self, number: int) -> str:
        if not 0 <= number < self._count:
            raise Malformed(f"{self._name} has no text number {number}", file=self._name)
        at, size = _PLACE.unpack(os.pread(self._places.fileno(), _PLACE.size, number * _PLACE.size))
        return os.pread(self._texts.fileno(), size, at).decode("utf-8", "surrogatepass")

    def close(self) -> None:
        """Remove it from the disk."""
        self._texts.close()
        self._places.close()
