"""UTF-8 or GB18030? Told from the bytes of a file; where they do not tell, the department is asked, never guessed for."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from databus.errors import Malformed

UTF_8, GB18030 = "utf-8", "gb18030"
ENCODINGS = (UTF_8, GB18030)
_NAMES = {"utf8": UTF_8, "utf8sig": UTF_8, "gb18030": GB18030, "gbk": GB18030, "gb2312": GB18030, "cp936": GB18030}
BOM = b"\xef\xbb\xbf"
_OTHER_BOMS = (b"\xff\xfe", b"\xfe\xff")
_ZIP = b"PK\x03"
_SAMPLE = 1 << 20
_NEARLY_ALL, _HARDLY_ANY = 0.9, 0.1
_FIRST_CJK = 0x2E80


def named(name: str) -> str:
    """The encoding a user names.

    Raises:
        Malformed: it is neither UTF-8 nor GB18030 (GBK and GB2312 are parts of it).
    """
    found = _NAMES.get(name.lower().replace("-", "").replace("_", ""))
    if found is None:
        raise Malformed(f"--encoding {name} is not known; there are {', '.join(ENCODINGS)}", encoding=name)
    return found


def detected(file: BinaryIO, name: str, told: str = "", *, by_rule: bool = False) -> str:
    """The encoding of a file, whose position is put behind a byte order mark: the one told, else by its bytes. ASCII is UTF-8.

    `by_rule` is for formats that are UTF-8 by their own rule (JSON): what could be either is that.
    Looks at lines from the first one that is not ASCII: nearly every line of a file is valid in its own encoding, while lines
    of the other one are so by accident only.

    Raises:
        Malformed: UTF-16, an archive, neither of the two, or a text that could be either.
    """
    head = file.read(len(BOM))
    if head.startswith(_OTHER_BOMS):
        raise Malformed(f"{name} is UTF-16; save it as UTF-8 (Excel: CSV UTF-8)", file=name)
    if head == _ZIP:
        raise Malformed(f"{name} is no text but an archive; if it is a workbook, let its name end in .xlsx", file=name)
    start = len(BOM) if head == BOM else 0
    file.seek(start)
    if told or start:
        return told or UTF_8
    sample, whole = _telling(file)
    file.seek(start)
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    if not lines:
        return UTF_8
    as_utf_8, as_gb18030 = (sum(_is(line, one, whole=whole) for line in lines) / len(lines) for one in ENCODINGS)
    if as_utf_8 >= _NEARLY_ALL and (by_rule or as_gb18030 < _NEARLY_ALL or not _looks_accidental(lines)):
        return UTF_8
    if as_utf_8 <= _HARDLY_ANY and as_gb18030 >= _NEARLY_ALL:
        return GB18030
    raise Malformed(f"{name} may be UTF-8 or GB18030, its bytes do not tell which; say --encoding", file=name)


def _telling(file: BinaryIO) -> tuple[bytes, bool]:
    """Whole lines from the first block that is not ASCII; of a line longer than a block its beginning, and false."""
    before = b""
    while block := file.read(_SAMPLE):
        if not block.isascii():
            # The line may begin in the block before and end behind this one: neither end may be cut into.
            lines = (before[-_SAMPLE // 16 :] + block).partition(b"\n")[2].rpartition(b"\n")[0]
            return (lines, True) if lines else (before + block, len(block) < _SAMPLE)
        before = block
    return b"", True


def _is(line: bytes, encoding: str, *, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(line, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _looks_accidental(lines: list[bytes]) -> bool:
    """True if not one ideograph comes out of what should be UTF-8, as when GB18030 happens to be valid."""
    return all(ord(char) < _FIRST_CJK for line in lines for char in line.decode(UTF_8, "ignore"))
