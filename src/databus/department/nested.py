"""A cell with structure: JSON, each part of a record read as the kind of its field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from databus.contract.fields import MAP, RECORD, Field

Read = Callable[[str, Field], object]


class Misshapen(ValueError):
    """A text that does not hold such records; its message is what was expected."""


def records_of(text: str, field: Field, read: Read) -> object:
    """The record, list of records or map in a text; `read` reads the text of one part.

    Raises:
        Misshapen: the text is no JSON of that shape, or has a part the contract lacks.
    """
    try:
        raw = json.loads(text, parse_float=str, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Misshapen(f"JSON such as {_sample(field)}") from None
    if field.kind == MAP:
        return _map(raw, field)
    if field.kind == RECORD:
        return _record(raw, field, read)
    if not isinstance(raw, list):
        raise Misshapen(f"a list such as {_sample(field)}")
    return [_record(each, field, read) for each in raw]


def texts_of(text: str) -> list[str]:
    """The texts of a list.

    Raises:
        Misshapen: it is no JSON, or no list of nothing but texts.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise Misshapen("a list of texts")
    return raw


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is given twice")
    return made


def _map(raw: Any, field: Field) -> Mapping[str, bool]:
    if not isinstance(raw, dict) or not all(isinstance(value, bool) for value in raw.values()):
        raise Misshapen(f"a table such as {_sample(field)}")
    return raw


def _record(raw: Any, field: Field, read: Read) -> dict[str, object]:
    if not isinstance(raw, dict) or raw.keys() - field.parts.keys():
        raise Misshapen(f"the parts {', '.join(field.parts)}")
    return {name: _part(raw.get(name), part, read) for name, part in field.parts.items()}


def _part(value: Any, part: Field, read: Read) -> object:
    if value is None or (isinstance(value, list) and part.kind == "strings" and all(isinstance(word, str) for word in value)):
        return value
    if isinstance(value, list | dict):
        raise Misshapen(f"{part.name} as a plain value")
    return read(str(value).lower() if isinstance(value, bool) else str(value), part)


def _sample(field: Field) -> str:
    if field.kind == MAP:
        return '{"…": true}'
    one = "{" + ", ".join(f'"{name}": …' for name in field.parts) + "}"
    return one if field.kind == RECORD else f"[{one}]"
