"""Lines of a file: bounded, decoded, and said of each what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

LINE_LIMIT = 1 << 20
"""Longest row in bytes: a submission may have no more either."""

TOO_LONG = f"the row is longer than {LINE_LIMIT:,} bytes"
NUL = "\x00"


class Line(NamedTuple):
    """One line with its end, and what is wrong with it; of one that is too long nothing is kept."""

    text: str
    problem: str


def lines(file: BinaryIO, encoding: str) -> Iterator[Line]:
    """The lines of a file; no more than `LINE_LIMIT` bytes of one are ever held."""
    while raw := file.readline(LINE_LIMIT + 1):
        if len(raw) > LINE_LIMIT:
            pass_over(file, raw)
            yield Line("", TOO_LONG)
        else:
            yield decoded(raw, encoding)


def decoded(raw: bytes, encoding: str) -> Line:
    """A line as text. One with bytes of no character keeps its structure, so that the rows around it are read as they stand."""
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        return Line(raw.decode(encoding, "replace"), f"byte {error.start + 1} of the line is not {encoding.upper()}")
    return Line(text, "the row holds a NUL" if NUL in text else "")


def pass_over(file: BinaryIO, read: bytes) -> None:
    """Go behind the end of a line of which this much has been read."""
    while read and not read.endswith(b"\n"):
        read = file.readline(LINE_LIMIT)
