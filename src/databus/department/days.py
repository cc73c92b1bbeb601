"""How a day is written: formats made of %Y, %m and %d, and nothing that could be made to run long."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

_PARTS = {"%Y": r"(?P<Y>\d{4})", "%m": r"(?P<m>\d{1,2})", "%d": r"(?P<d>\d{1,2})"}
_CLOSE = {"%Y": r"(?P<Y>\d{4})", "%m": r"(?P<m>\d{2})", "%d": r"(?P<d>\d{2})"}
_PIECES = re.compile(r"%.|[^%]+|%$", re.DOTALL)
_LONGEST = 32
_TIME = r"(?P<time>[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?"
"""Behind a day there may be a time, as spreadsheets and databases write it. Only midnight is no more than the day."""


@lru_cache(maxsize=256)
def pattern_of(form: str) -> re.Pattern[str] | None:
    """The pattern of a format; None where it is none: year, month and day once each, and nothing else that varies."""
    pieces = _PIECES.findall(form)
    if len(form) > _LONGEST or sorted(piece for piece in pieces if piece.startswith("%")) != ["%Y", "%d", "%m"]:
        return None
    # Where nothing parts them, two digits are two digits.
    parts = _CLOSE if any(one.startswith("%") and two.startswith("%") for one, two in itertools.pairwise(pieces)) else _PARTS
    return re.compile("".join(parts.get(piece) or re.escape(piece) for piece in pieces) + _TIME, re.ASCII)


def day_of(text: str, formats: Sequence[str]) -> tuple[date, bool] | None:
    """The day by the first format that fits, and whether it stands without a time of day; None where none fits."""
    for form in formats:
        pattern = pattern_of(form)
        found = pattern.fullmatch(text) if pattern is not None else None
        if found is None:
            continue
        try:
            told = date(int(found["Y"]), int(found["m"]), int(found["d"]))
        except ValueError:
            continue
        return told, not (found["time"] or "").strip(" T0:.")
    return None
