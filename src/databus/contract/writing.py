"""Avro written by functions that are made of a schema once.

fastavro asks each branch of a union in turn whether a value fits it, and nearly every field of a contract is such a union: that
costs more than all else a department does with a row. These functions write the same bytes, several times faster. What is not
plainly of its type they do not write: fastavro then decides, with its own words for what is wrong.

A record becomes the source of one function, as `dataclasses` make their methods: a call for each field would be half of the cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from textwrap import indent
from typing import Any


class Unsure(Exception):
    """A value that is not plainly of its type, or a schema no function is made for."""


Write = Callable[[Any], bytes]
DOUBTS = (Unsure, AttributeError, TypeError, ValueError, LookupError, ArithmeticError)
"""What such a function raises on a value it does not write."""

NULL, VALUE = b"\x00", b"\x02"
"""The two branches of a union with null first."""

_EPOCH = date(1970, 1, 1).toordinal()
_LONG = 63
_INT = 31
_SMALL = 1 << 13
_NOTHING = object()

_GIVEN = """\
value = get({name!r}, default_{variable})
{source}"""
_OPTIONAL = """\
value = get({name!r}, default_{variable})
if value is None:
    {variable} = NULL
else:
{source}"""
_STRING = """\
value = value.encode()
size = len(value)
{variable} = {branch}(LENGTHS[size] if size < SMALL else zigzag(size)) + value
"""
_OTHER = "{variable} = {branch}write_{variable}(value)\n"
_FUNCTION = """\
def write(get):
{body}
    return b"".join(({members},))
"""


def writer_of(schema: Any) -> Write:
    """The function that writes values of a schema.

    Raises:
        Unsure: contracts have no such schema.
    """
    return _writer(schema, {}, "")


def _zigzag(number: int) -> bytes:
    number = number << 1 if number >= 0 else ((-number) << 1) - 1
    if number < 128:
        return bytes((number,))
    out = bytearray()
    while number > 127:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


_LENGTHS = tuple(map(_zigzag, range(_SMALL)))
"""Lengths, days and small numbers are most of what is written."""


def _number(number: int) -> bytes:
    return _LENGTHS[number] if 0 <= number < _SMALL else _zigzag(number)


def _string(value: Any) -> bytes:
    encoded: bytes = value.encode()
    return _number(len(encoded)) + encoded


def _bytes(value: Any) -> bytes:
    if type(value) is not bytes:
        raise Unsure
    return _number(len(value)) + value


def _boolean(value: Any) -> bytes:
    if value is True:
        return b"\x01"
    if value is False:
        return b"\x00"
    raise Unsure


def _null(value: Any) -> bytes:
    if value is not None:
        raise Unsure
    return b""


def _integer(bits: int) -> Write:
    low, high = -(1 << bits), 1 << bits

    def write(value: Any) -> bytes:
        if type(value) is not int or not low <= value < high:
            raise Unsure
        return _number(value)

    return write


@lru_cache(maxsize=1 << 15)
def _date(value: Any) -> bytes:
    if type(value) is not date:
        raise Unsure
    return _number(value.toordinal() - _EPOCH)


def _decimal(precision: int, scale: int) -> Write:
    def write(value: Any) -> bytes:
        if type(value) is not Decimal:
            raise Unsure
        sign, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int) or exponent + scale < 0 or len(digits) + exponent + scale > precision:
            raise Unsure
        number: int = int("".join(map(str, digits))) * 10 ** (exponent + scale)
        number = -number if sign else number
        # A bit for the sign, also where a negative power of two needs none: as fastavro writes it.
        size = (number.bit_length() >> 3) + 1
        return _number(size) + number.to_bytes(size, "big", signed=True)

    return write


_PLAIN: Mapping[str, Write] = {
    "null": _null,
    "string": _string,
    "bytes": _bytes,
    "boolean": _boolean,
    "int": _integer(_INT),
    "long": _integer(_LONG),
}


def _writer(schema: Any, named: dict[str, Write], namespace: str) -> Write:
    if isinstance(schema, str):
        found = _PLAIN.get(schema) or named.get(schema) or named.get(f"{namespace}.{schema}")
        if found is None:
            raise Unsure
        return found
    if isinstance(schema, list):
        return _optional(schema, named, namespace)
    match schema:
        case {"logicalType": "date", "type": "int"}:
            return _date
        case {"logicalType": "decimal", "type": "bytes", "precision": precision}:
            return _decimal(precision, schema.get("scale", 0))
        case {"logicalType": _}:
            raise Unsure
        case {"type": "record"}:
            return _record(schema, named, schema.get("namespace", namespace))
        case {"type": "enum", "symbols": symbols}:
            places = {symbol: _number(place) for place, symbol in enumerate(symbols)}
            return _named(schema, named, schema.get("namespace", namespace), lambda value: places[value])
        case {"type": "array", "items": items}:
            return _array(_writer(items, named, namespace))
        case {"type": "map", "values": values}:
            return _map(_writer(values, named, namespace))
        case {"type": str() | list() | dict() as inner} if inner != "fixed":
            return _writer(inner, named, namespace)
        case _:
            raise Unsure


def _named(schema: Mapping[str, Any], named: dict[str, Write], namespace: str, write: Write) -> Write:
    name = schema["name"]
    named[name if "." in name else f"{namespace}.{name}"] = write
    return write


def _optional(branches: list[Any], named: dict[str, Write], namespace: str) -> Write:
    if len(branches) != 2 or branches[0] != "null":
        raise Unsure
    write = _writer(branches[1], named, namespace)
    return lambda value: NULL if value is None else VALUE + write(value)


def _record(schema: Mapping[str, Any], named: dict[str, Write], namespace: str) -> Write:
    called: dict[str, Any] = {"LENGTHS": _LENGTHS, "SMALL": _SMALL, "NULL": NULL, "VALUE": VALUE, "zigzag": _zigzag}
    made: dict[str, Any] = {}

    def write(value: Any) -> bytes:
        found: bytes = made["write"](value.get)
        return found

    # Known by its name before its fields are, since a record may hold itself.
    _named(schema, named, namespace, write)
    lines = [_field(f"field_{number}", field, called, named, namespace) for number, field in enumerate(schema["fields"])]
    members = ", ".join(f"field_{number}" for number in range(len(lines)))
    exec(_FUNCTION.format(body=indent("".join(lines), "    "), members=members), called, made)
    return write


def _field(variable: str, field: Mapping[str, Any], called: dict[str, Any], named: dict[str, Write], namespace: str) -> str:
    """The source that writes one field."""
    kind, name = field["type"], field["name"]
    optional = isinstance(kind, list)
    if optional and (len(kind) != 2 or kind[0] != "null"):
        raise Unsure
    inner = kind[1] if optional else kind
    called[f"default_{variable}"] = field.get("default", _NOTHING)
    called[f"write_{variable}"] = write = _writer(inner, named, namespace)
    source = (_STRING if write is _string else _OTHER).format(variable=variable, branch="VALUE + " if optional else "")
    return (_OPTIONAL if optional else _GIVEN).format(variable=variable, name=name, source=indent(source, "    " if optional else ""))


def _array(one: Write) -> Write:
    def write(value: Any) -> bytes:
        if type(value) is not list and type(value) is not tuple:
            raise Unsure
        return _number(len(value)) + b"".join(map(one, value)) + NULL if value else NULL

    return write


def _map(one: Write) -> Write:
    def write(value: Any) -> bytes:
        if type(value) is not dict:
            raise Unsure
        return _number(len(value)) + b"".join([_string(name) + one(item) for name, item in value.items()]) + NULL if value else NULL

    return write
