"""Reads one file in a process of its own and prints what its rows came to: `python endless.py PATH`, or `… PATH TEXT` for one whose
middle, a gigabyte of a text over and over, lies on no disk.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from databus.department.files import opening
from databus.errors import Malformed
from databus.testing.memory import most_memory

GIGABYTE = 1 << 30


class Repeated(io.RawIOBase):
    """A file with a gigabyte of `text` put in before its last line."""

    def __init__(self, path: Path, text: bytes) -> None:
        head, end, tail = path.read_bytes().rpartition(b"\n\n")
        self._head, self._tail, self._text, self._at = head + end[:1], end[1:] + tail, text, 0
        self._size = len(self._head) + GIGABYTE + len(self._tail)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        part = self._part(len(buffer))
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _part(self, most: int) -> bytes:
        inside = self._at - len(self._head)
        if inside < 0:
            return self._head[self._at : self._at + most]
        if inside >= GIGABYTE:
            return self._tail[inside - GIGABYTE : inside - GIGABYTE + most]
        skipped, most = inside % len(self._text), min(most, GIGABYTE - inside)
        return (self._text * (most // len(self._text) + 2))[skipped : skipped + most]


@contextmanager
def opened(path: Path, text: str) -> Any:
    if not text:
        with opening.opened(path) as table:
            yield table.rows
        return
    file = io.BufferedReader(Repeated(path, text.encode()))
    kind = opening.kind_of(path)
    found = opening.encodings.detected(file, path.name, by_rule=kind == opening.NDJSON)
    yield iter((opening.Delimited if kind == opening.CSV else opening.Lines)(file, path.name, found))


def main() -> None:
    try:
        with opened(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "") as rows:
            told: Any = [(row.number, row.problem) for row in rows]
    except Malformed as error:
        told = error.detail
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"told": told, "memory": most_memory(), "seconds": used.ru_utime + used.ru_stime}))


if __name__ == "__main__":
    main()
