"""Rows of a file with one JSON object per line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from databus.department.files.lines import NUL, lines
from databus.department.files.row import MARK, NO_MARKS, Row, has_structure, structured

_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_ENVELOPE, _SUBJECT, _FACT = "envelope", "subject", "payload"
_OWN = MARK.rstrip(".")


class Lines:
    """An NDJSON file, opened. It has no columns: each row names its own. Iterating gives the rows."""

    columns: tuple[str, ...] | None = None

    def __init__(self, file: BinaryIO, name: str, encoding: str) -> None:
        self._file, self._encoding = file, encoding

    def __iter__(self) -> Iterator[Row]:
        for number, line in enumerate(lines(self._file, self._encoding), start=1):
            if line.problem:
                yield Row(number, {}, line.problem, raw=line.text)
            elif not line.text.isspace():
                yield json_row(number, line.text.strip())


class _Repeated(ValueError):
    """An object with a member twice; which of the two is meant nobody can know."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        raise _Repeated(f"the member {next(name for name in names if names.count(name) > 1)[:64]} is there twice")
    return members


def _no_number(word: str) -> Any:
    raise _Repeated(f"{word} is no number")


def json_row(number: int, line: str) -> Row:
    """The row of one line. Numbers are kept as they are written, however long, so that no digit is lost."""
    try:
        value = json.loads(line, parse_float=str, parse_int=str, parse_constant=_no_number, object_pairs_hook=_members)
    except _Repeated as error:
        return Row(number, {}, str(error), raw=line)
    except RecursionError:
        return Row(number, {}, "the row is nested too deeply", raw=line)
    except ValueError as error:
        return Row(number, {}, f"the row is not JSON: {error}", raw=line)
    if not isinstance(value, dict):
        return Row(number, {}, "the row is not a JSON object", raw=line)
    if _HALF.search(line) and not _is_unicode(value):
        return Row(number, {}, "the row holds half a character (an escape such as \\ud83d without its other half)", raw=line)
    own = value.pop(_OWN, None)
    marks = {name: text for name, text in own.items() if isinstance(text, str)} if isinstance(own, dict) else NO_MARKS
    cells: dict[str, str] = {}
    problem = _fill(cells, value) or (f"{NUL!r} is no text" if any(NUL in text for text in cells.values()) else "")
    return Row(number, {} if problem else cells, problem, marks=marks, raw=line)


def _is_unicode(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _fill(cells: dict[str, str], value: Mapping[str, Any]) -> str:
    """Put the members of an object into cells; what is wrong with them."""
    for key, member in value.items():
        for name, item in _flat(key, member):
            if name in cells:
                return f"the member {name[:64]} is there twice"
            if not isinstance(item, list | dict):
                cells[name] = _text(item)
            elif has_structure(item) and ("." not in name or isinstance(item, list)):
                cells[name] = structured(item)
            else:
                return f"the member {name[:64]} is nested; a value is expected"
    return ""


def _flat(key: str, member: Any) -> Iterator[tuple[str, Any]]:
    """The columns of a member of a row; the subject may lie in the envelope, where HTTP has it."""
    if not isinstance(member, dict) or key not in (_ENVELOPE, _SUBJECT, _FACT):
        yield key, member
        return
    for name, item in member.items():
        if key == _ENVELOPE and name == _SUBJECT:
            yield from _flat(_SUBJECT, item)
        else:
            yield (name if key == _FACT else f"{key}.{name}"), item


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return "true" if value else "false"
