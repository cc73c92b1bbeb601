"""A number of a cell as text: as people see it in the cell, or what is wrong with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

_DIGITS = 15
"""What a spreadsheet keeps of a number; further digits of a code are lost before the file is written."""

_EPOCHS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}
_LEAP_BUG = 60
"""Excel counts a 29 February 1900; serial numbers before it are one day behind."""

_LAST_DAY = 2_958_466
TOO_EXACT = "a number of more than 15 digits, of which a spreadsheet keeps only 15; format its column as text"


class Unshown(ValueError):
    """A number that is no number, or no day."""


def number(raw: str) -> str:
    """A number without exponent or the noise of floating point.

    Raises:
        Unshown: it is none, or has lost digits.
    """
    if raw.isascii() and raw.isdigit() and len(raw) <= _DIGITS:
        return raw
    try:
        value = float(raw)
    except ValueError:
        raise Unshown("what should be a number is none") from None
    if not abs(value) < 10**_DIGITS:
        raise Unshown(TOO_EXACT)
    text = format(Decimal(f"{value:.{_DIGITS}g}"), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def day(raw: str, *, from_1904: bool) -> str:
    """A day as `2026-11-09`, with the time of day where there is one.

    Raises:
        Unshown: the number is no day.
    """
    try:
        serial = float(raw)
    except ValueError:
        raise Unshown("what should be a day is none") from None
    if not 1 <= serial < _LAST_DAY:
        raise Unshown(f"the number {raw[:32]} is shown as a day and is none")
    if not from_1904 and serial < _LEAP_BUG:
        serial += 1
    told = _EPOCHS[from_1904] + timedelta(seconds=round(serial * 86_400))
    return told.date().isoformat() if told.time() == datetime.min.time() else told.isoformat(" ")
