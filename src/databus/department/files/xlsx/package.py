"""The parts of a workbook: a zip whose members may only be so large, read in blocks."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from databus.errors import Malformed, TooLarge

BLOCK = 1 << 16
MEMBERS = 10_000
LARGEST = 2 << 30
"""Bytes of a member, unpacked. A zip never yields more than it declares, so the declaration is held to this."""

RATIO, ALWAYS_FINE = 250, 1 << 20
"""No sheet packs better than that, but a bomb does; below that size it does not matter."""

ENCRYPTED = 0x1


class Package:
    """A workbook's parts by path."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._name = name
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, RuntimeError, ValueError, OverflowError, EOFError) as error:
            raise Malformed(f"{name} is no workbook (.xlsx)", file=name) from error
        if len(self._zip.infolist()) > MEMBERS:
            raise TooLarge(f"{name} has more than {MEMBERS:,} parts", file=name)

    def has(self, part: str) -> bool:
        """True if there is such a part."""
        return part in self._zip.NameToInfo

    def size(self, part: str) -> int:
        """Bytes of a part, unpacked."""
        return self._zip.getinfo(part).file_size

    def blocks(self, part: str, *, largest: int = LARGEST) -> Iterator[bytes]:
        """The bytes of a part.

        Raises:
            Malformed: there is no such part, or it is damaged or encrypted.
            TooLarge: it unpacks to more than a workbook has.
        """
        if not self.has(part):
            raise Malformed(f"{self._name} lacks the part {part}", file=self._name)
        member = self._zip.getinfo(part)
        if member.flag_bits & ENCRYPTED:
            raise Malformed(f"{self._name} is encrypted; save it without a password", file=self._name)
        if member.file_size > largest or member.file_size > max(ALWAYS_FINE, RATIO * member.compress_size):
            raise TooLarge(f"the part {part} of {self._name} unpacks to {member.file_size:,} bytes", file=self._name, size=member.file_size)
        try:
            with self._zip.open(member) as opened:
                while block := opened.read(BLOCK):
                    yield block
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
            raise Malformed(f"the part {part} of {self._name} is damaged", file=self._name) from error

    @staticmethod
    def beside(part: str, target: str) -> str:
        """The path of a part that another one points at; never one outside the package."""
        return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")

    def close(self) -> None:
        """Let go of it."""
        self._zip.close()
