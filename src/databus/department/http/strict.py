"""JSON from strangers: one reading or none. What two readers could understand differently is refused (RFC 8259 section 4, RFC 7493)."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, NoReturn

from databus.errors import Malformed, TooLarge

DEPTH = 16
"""Levels of arrays and objects; ours have six."""
PIECES = 250_000
"""Commas and brackets: what a parsed body costs in memory goes by these, not by its bytes."""

_LEAST, _MOST = -(2**63), 2**63 - 1
_NUMERAL_LENGTH = 40
_NAME_SHOWN = 64
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


class Numeral(str):
    """A number as it was written: a sum must not pass through a binary fraction."""


def parse(body: bytes, *, depth: int = DEPTH) -> Any:
    """The value in a body; numbers are `Numeral`s. See `parsed`."""
    return parsed(body, depth=depth)[0]


def parsed(body: bytes, *, depth: int = DEPTH) -> tuple[Any, list[Any]]:
    """The value in a body, numbers as `Numeral`s, and every array and object of it.

    Raises:
        Malformed: not UTF-8, not JSON, a name given twice, a number beyond 64 bits, NaN or an infinity, half a surrogate
            pair, deeper than `depth`. Its fact `reason` says which of these.
        TooLarge: more than `PIECES`.
    """
    pieces = body.count(b",") + body.count(b"[") + body.count(b"{")
    if pieces > PIECES:
        raise TooLarge(f"a body may have {PIECES} commas and brackets", pieces=pieces, limit=PIECES)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused("encoding", f"The body is not UTF-8: byte {error.start} begins no character.") from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _refused("syntax", f"The body is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise _too_deep(depth) from None
    found = containers(value, depth=depth)
    if "\\u" in text and _HALF.search(text):
        _require_whole(value)
    return value, found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        shown = twice[:_NAME_SHOWN].encode("utf-8", "replace").decode()
        raise _refused("duplicate-name", f"The name {shown} is given twice in one object.", name=shown)
    return found


def _integer(text: str) -> Numeral:
    if len(text) > _NUMERAL_LENGTH or not _LEAST <= int(text) <= _MOST:
        raise _refused("number", f"The number {text[:_NUMERAL_LENGTH]} does not fit into 64 bits; write it as a text.")
    return Numeral(text)


def _fraction(text: str) -> Numeral:
    if len(text) > _NUMERAL_LENGTH or float(text) in (float("inf"), float("-inf")):
        raise _refused("number", f"The number {text[:_NUMERAL_LENGTH]} is too long or too large; write it as a text.")
    return Numeral(text)


def _constant(text: str) -> NoReturn:
    raise _refused("number", f"{text} is no JSON.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_constant)


def containers(value: Any, *, depth: int = DEPTH) -> list[Any]:
    """Every array and object of a value, the outermost first.

    Raises:
        Malformed: nested deeper than `depth`.
    """
    level = [value] if isinstance(value, (dict, list)) else []
    found = level
    for _ in range(depth):
        # Nothing but these two types comes out of a decoder, and there are many values to look at.
        level = [
            one for outer in level for one in (outer.values() if type(outer) is dict else outer) if type(one) is dict or type(one) is list
        ]
        if not level:
            return found
        found = found + level
    raise _too_deep(depth)


def _require_whole(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _refused("surrogate", "The body holds half a character: an escape such as \\ud83d without its other half.") from None


def _too_deep(depth: int) -> Malformed:
    return _refused("depth", f"The body is nested deeper than {depth} levels.")


def _refused(reason: str, detail: str, **facts: object) -> Malformed:
    return Malformed(detail, reason=reason, **facts)
