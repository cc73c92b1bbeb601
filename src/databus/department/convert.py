"""One cell of a department's file → one value of the contract."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from databus.contract.codes import Codes
from databus.contract.fields import MAP, Field
from databus.department.days import day_of
from databus.department.files.row import STRUCTURE
from databus.department.nested import Misshapen, records_of, texts_of

YES = frozenset({"true", "1", "yes", "y", "是"})
NO = frozenset({"false", "0", "no", "n", "否"})
DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d")
POWERS = {"": 0, "十": 1, "百": 2, "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8, "万亿": 12}
_AMOUNT = re.compile(r"(?P<number>[-+]?[0-9,]*\.?[0-9]+)\(?(?P<power>万亿|十万|百万|千万|[十百千万亿])?(?P<currency>.*?)\)?")
# Decimal itself also reads digits parted by _, and a comma that parts no thousands may stand for the point.
_NUMBER = re.compile(r"[-+]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?(\.[0-9]*)?(e[-+]?[0-9]+)?", re.IGNORECASE | re.ASCII)
_ISO = len("2025-03-01")
_DIGITS = 18
"""Digits of a decimal of the contract, and of a 64-bit number."""

_SEPARATORS = re.compile(r"[;；|、]")


class Unreadable(Exception):
    """A cell that cannot become a value of its field: what was expected, and what would do."""

    def __init__(self, expected: str, suggestion: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.suggestion = suggestion


def plain(text: str) -> str:
    """The text as it is compared: NFKC, without space around it."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def plain_text(text: str) -> str:
    """The text of a cell that is neither an object nor a list.

    Raises:
        Unreadable: it is one.
    """
    if text[:1] == STRUCTURE:
        raise Unreadable("a plain value, no object or list")
    return text


def value_of(text: str, field: Field, *, formats: tuple[str, ...] = DAYS) -> object:
    """The text as the field's kind.

    Raises:
        Unreadable: it is not one.
    """
    if not field.parts and field.kind not in (MAP, "strings"):
        plain_text(text)
    match field.kind:
        case "date":
            return date_of(text, formats)
        case "decimal":
            return number_of(text, field.scale)
        case "int":
            return int(number_of(text, 0))
        case "boolean":
            return boolean_of(text)
        case "strings":
            return [part.strip() for part in _texts(text) if part.strip()]
        case "record" | "records" | "map":
            try:
                return records_of(text.removeprefix(STRUCTURE), field, lambda part, of: value_of(part, of, formats=formats))
            except Misshapen as error:
                raise Unreadable(str(error)) from None
        case _:
            return text


def _texts(text: str) -> list[str]:
    if text[:1] != STRUCTURE:
        return _SEPARATORS.split(text)
    try:
        return texts_of(text[1:])
    except Misshapen as error:
        raise Unreadable(str(error)) from None


def date_of(text: str, formats: tuple[str, ...]) -> date:
    """A day, by the first format that fits."""
    if formats is DAYS and len(text) == _ISO and text[4] == text[7] == "-" and text.isascii():
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise Unreadable("a date such as 2025-03-01") from None
    found = day_of(plain(text), formats)
    if found is None:
        raise Unreadable("a date such as 2025-03-01")
    if not found[1]:
        raise Unreadable("a day without a time of day", suggestion=found[0].isoformat())
    return found[0]


@lru_cache(maxsize=32)
def _bounds(scale: int) -> tuple[Decimal, Decimal]:
    """The least step of a decimal, and the first number that has too many digits before the point."""
    return Decimal(1).scaleb(-scale), Decimal(10) ** (_DIGITS - scale)


def number_of(text: str, scale: int) -> Decimal:
    """A decimal with at most `scale` digits after the point; thousands may be parted by commas.

    Raises:
        Unreadable: it is none, or has too many digits on either side.
    """
    written = plain(text)
    try:
        number = Decimal(written.replace(",", "") if _NUMBER.fullmatch(written) else "")
    except InvalidOperation:
        raise Unreadable("a number such as 1200.50") from None
    least, beyond = _bounds(scale)
    if number.copy_abs() >= beyond:
        raise Unreadable(f"a number below 10^{_DIGITS - scale}")
    rounded = number.quantize(least)
    if rounded != number:
        raise Unreadable(f"at most {scale} digits after the point", suggestion=format(rounded, "f"))
    return rounded


def boolean_of(text: str) -> bool:
    """是/否, true/false, 1/0."""
    word = plain(text).lower()
    if word not in YES | NO:
        raise Unreadable("是 or 否")
    return word in YES


def _written(text: str) -> re.Match[str]:
    found = _AMOUNT.fullmatch(plain(text).replace(" ", ""))
    if found is None:
        raise Unreadable("an amount such as 174(万元人民币)")
    return found


def amount_of(text: str, *, power: int, unnamed: int = 0, scale: int) -> Decimal:
    """The value of a written sum such as `174(万元人民币)`, in units of 10^power (4 is 万元); one without a unit is in 10^unnamed.

    Raises:
        Unreadable: it holds no number.
    """
    found = _written(text)
    number = number_of(found["number"], 6).scaleb((POWERS[found["power"]] if found["power"] else unnamed) - power)
    least, beyond = _bounds(scale)
    if abs(number) >= beyond:
        raise Unreadable(f"an amount below 10^{_DIGITS - scale}")
    rounded = number.quantize(least)
    if rounded != number:
        raise Unreadable(f"an amount of at most {scale} digits after the point", suggestion=format(rounded, "f"))
    return rounded


def currency_of(text: str, *, codes: Codes, currencies: str) -> str | None:
    """The currency a written sum names, by the labels of a code list; None where it names none.

    Raises:
        Unreadable: it names something that is no currency of the list.
    """
    word = _written(text)["currency"]
    if word in ("", "元"):
        return None
    for name in (word, word.strip("元"), word + "元"):
        code = codes.find(currencies, name)
        if code is not None:
            return code
    raise Unreadable(f"a currency of the list {currencies}")
