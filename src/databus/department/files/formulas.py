"""Cells that a spreadsheet would run: refused on the way in, made harmless on the way out."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What begins so is computed when the file is opened: an equals sign, or a sign before a call, another sheet or a program.
_RUN = re.compile(r"\s*(=|[-+@][^|!]{0,255}[|!]|[-+@]\s*[A-Za-z_][A-Za-z0-9_.]{0,63}\()")
_LEADS = frozenset("=+-@\t\r\n＝＋－＠")
_BEFORE = _LEADS | {" ", "\xa0", "\u3000"}
_NUMBER = re.compile(r"[-+]?[0-9.,]+%?")
QUOTE = "'"
_TOUCHED = _LEADS | {QUOTE}


def formula(cells: Iterable[str]) -> str:
    """What is wrong with a row one of whose cells would be run; empty if none would. A sign before a number is a number's."""
    listed = list(cells)
    if _BEFORE.isdisjoint([text[:1] for text in listed]):
        return ""
    found = next((text for text in listed if _RUN.match(text) and not _NUMBER.fullmatch(text)), "")
    return f"a cell begins like a formula ({found[:20]}); a value is expected" if found else ""


def harmless(text: str) -> str:
    """The cell with a quote before it where a spreadsheet might run it; `restored` takes the quote away again."""
    lead = text[:1]
    if lead in _LEADS and lead and not _NUMBER.fullmatch(text):
        return QUOTE + text
    return QUOTE + text if lead == QUOTE and text[1:2] and text[1] in _TOUCHED else text


def restored(text: str) -> str:
    """The cell that `harmless` made harmless."""
    return text[1:] if text[:1] == QUOTE and text[1:2] and text[1] in _TOUCHED else text


def all_harmless(cells: Iterable[str]) -> list[str]:
    """A row of harmless cells."""
    listed = list(cells)
    return listed if _TOUCHED.isdisjoint([text[:1] for text in listed]) else [harmless(text) for text in listed]
