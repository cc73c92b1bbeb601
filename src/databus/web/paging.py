"""Numbers and words of a query string, checked."""

from __future__ import annotations

import unicodedata

from starlette.requests import Request

from databus.errors import Malformed

MOST = 1000
"""Rows of one page at most: what one decision record may name (design 9)."""


def given_once(request: Request) -> None:
    """Of a parameter given twice one reader takes the first and another the last: it is refused.

    Raises:
        Malformed: the query string names one twice.
    """
    asked = request.query_params.multi_items()
    if len({name for name, _ in asked}) < len(asked):
        raise Malformed("Each parameter is given once; `in` takes several values with commas between them.")


def limit_of(text: str | None, *, usual: int, most: int = MOST) -> int:
    """How many rows a page may have.

    Raises:
        Malformed: not a whole number from 1 to the stated limit.
    """
    if text is None or text == "":
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most):
        raise Malformed(f"limit is a whole number from 1 to {most}.", parameter="limit", least=1, most=most)
    return int(text)


def seconds_of(text: str | None, *, most: int) -> int:
    """How long the caller wants to wait, in seconds; none without a wish.

    Raises:
        Malformed: not a whole number from 0 to the stated limit.
    """
    if text is None or text == "":
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= most):
        raise Malformed(f"wait is a whole number of seconds from 0 to {most}.", parameter="wait", least=0, most=most)
    return int(text)


def words_of(text: str, *, parameter: str, most: int = 100) -> str:
    """What someone typed, in normal form (NFKC, one space between words).

    Raises:
        Malformed: too long, or with characters that are no text.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    if len(plain) > most:
        raise Malformed(f"{parameter} has at most {most} characters.", parameter=parameter, most=most)
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in plain):
        raise Malformed(f"{parameter} contains characters that are not text.", parameter=parameter)
    return plain
