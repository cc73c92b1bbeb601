"""Avro read by functions that are made of a schema once: the other side of `writing`.

fastavro asks a stream for each byte of each length and each union for its branch; a function made of a schema looks into the
bytes at hand, field after field. What is not plainly a value of its schema it does not read: fastavro then decides what it is, or
what is wrong with it.

A record becomes the source of one function, as `dataclasses` make their methods: a call for each field would be half of what
reading costs. The templates below are all there is of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from textwrap import indent
from typing import Any

from databus.contract.writing import Unsure

Read = Callable[[bytes, int], tuple[Any, int]]
"""Bytes and a place in them → the value there, and the place behind it. A place may lie behind the end: whoever asked looks."""

_EPOCH = date(1970, 1, 1).toordinal()
_SEVEN_BITS, _MORE = 0x7F, 0x80
_LONGEST_SHIFT = 56

_OPTIONAL = """\
branch = data[at]
at += 1
if branch == 2:
{inner}
elif branch:
    raise Unsure
else:
    {name} = None
"""
_STRING = """\
size = data[at]
if size & 0x81:
    {name}, at = string(data, at)
else:
    end = at + 1 + (size >> 1)
    {name} = data[at + 1 : end].decode()
    at = end
"""
"""At once what is at most 63 bytes long: 0x81 are the bits of a first byte that make a length longer, or negative."""
_NUMBER = """\
{name} = data[at]
if {name} & 0x81:
    {name}, at = number(data, at)
else:
    {name} >>= 1
    at += 1
"""
_DATE = _NUMBER + "{name} = day({name})\n"
_OTHER = "{name}, at = {function}(data, at)\n"
_RECORD = "{fields}{name} = {{{members}}}\n"
_FUNCTION = """\
def read(data, at):
{body}
    return value, at
"""


def reader_of(schema: Any) -> Read:
    """The function that reads values of a schema.

    Raises:
        Unsure: contracts have no such schema.
    """
    return _Reading().reader(schema, "")


def _number(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & _SEVEN_BITS) << shift
        if byte < _MORE:
            return number >> 1 ^ -(number & 1), at
        shift += 7
        if shift > _LONGEST_SHIFT:
            raise Unsure


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = _number(data, at)
    if size < 0:
        raise Unsure
    end = at + size
    return data[at:end], end


def _string(data: bytes, at: int) -> tuple[str, int]:
    value, at = _bytes(data, at)
    return value.decode(), at


def _boolean(data: bytes, at: int) -> tuple[bool, int]:
    byte = data[at]
    if byte > 1:
        raise Unsure
    return byte == 1, at + 1


def _date(data: bytes, at: int) -> tuple[date, int]:
    days, at = _number(data, at)
    return _day(days), at


@lru_cache(maxsize=1 << 15)
def _day(days: int) -> date:
    return date.fromordinal(days + _EPOCH)


_PLAIN: Mapping[str, Read] = {"string": _string, "bytes": _bytes, "boolean": _boolean, "int": _number, "long": _number}
_INLINE = {"string": _STRING, "int": _NUMBER, "long": _NUMBER}


class _Reading:
    """One schema on its way to a function: the functions its source calls, and the named types met so far."""

    def __init__(self) -> None:
        self._called: dict[str, Any] = {"string": _string, "number": _number, "day": _day, "Unsure": Unsure}
        self._known: dict[str, Read] = {}

    def reader(self, schema: Any, namespace: str) -> Read:
        """The function that reads values of a schema."""
        match schema:
            case str():
                found = _PLAIN.get(schema) or self._known.get(schema) or self._known.get(f"{namespace}.{schema}")
                if found is None:
                    raise Unsure
                return found
            case {"logicalType": "date", "type": "int"}:
                return _date
            case {"logicalType": _}:
                raise Unsure
            case {"type": "record"}:
                return self._named(schema, namespace, self._record(schema, namespace))
            case {"type": "enum", "symbols": list(symbols)}:
                return self._named(schema, namespace, _enum(tuple(symbols)))
            case {"type": "array", "items": items}:
                return _array(self.reader(items, namespace))
            case {"type": "map", "values": values}:
                return _map(self.reader(values, namespace))
            case {"type": str() | dict() as inner} if inner != "fixed":
                return self.reader(inner, namespace)
            case _:
                raise Unsure

    def _named(self, schema: Mapping[str, Any], namespace: str, read: Read) -> Read:
        name = schema["name"]
        self._known[name if "." in name else f"{schema.get('namespace', namespace)}.{name}"] = read
        return read

    def _record(self, schema: Mapping[str, Any], namespace: str) -> Read:
        fields = list(self._fields(schema, schema.get("namespace", namespace)))
        members = ", ".join(f"{name!r}: {variable}" for name, variable, _ in fields)
        body = _RECORD.format(fields="".join(lines for *_, lines in fields), name="value", members=members)
        made: dict[str, Any] = {}
        exec(_FUNCTION.format(body=indent(body, "    ")), self._called, made)
        read: Read = made["read"]
        return read

    def _fields(self, schema: Mapping[str, Any], namespace: str) -> Iterator[tuple[str, str, str]]:
        """Name, variable and source of each field."""
        for number, field in enumerate(schema["fields"]):
            kind, variable = field["type"], f"field_{number}"
            if isinstance(kind, list):
                if len(kind) != 2 or kind[0] != "null":
                    raise Unsure
                inner = indent(self._source(kind[1], variable, namespace).rstrip(), "    ")
                yield field["name"], variable, _OPTIONAL.format(inner=inner, name=variable)
            else:
                yield field["name"], variable, self._source(kind, variable, namespace)

    def _source(self, kind: Any, variable: str, namespace: str) -> str:
        if isinstance(kind, str) and kind in _INLINE:
            return _INLINE[kind].format(name=variable)
        if isinstance(kind, dict) and (kind.get("logicalType"), kind.get("type")) == ("date", "int"):
            return _DATE.format(name=variable)
        reader = self.reader(kind, namespace)
        function = f"read_{len(self._called)}"
        self._called[function] = reader
        return _OTHER.format(name=variable, function=function)


def _enum(symbols: tuple[str, ...]) -> Read:
    def read(data: bytes, at: int) -> tuple[str, int]:
        place, at = _number(data, at)
        if place < 0:
            raise Unsure
        return symbols[place], at

    return read


def _array(one: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[list[Any], int]:
        value: list[Any] = []
        count, at = _number(data, at)
        while count:
            if count < 0:
                raise Unsure
            for _ in range(count):
                item, at = one(data, at)
                value.append(item)
            count, at = _number(data, at)
        return value, at

    return read


def _map(one: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        value: dict[str, Any] = {}
        count, at = _number(data, at)
        while count:
            if count < 0:
                raise Unsure
            for _ in range(count):
                name, at = _string(data, at)
                value[name], at = one(data, at)
            count, at = _number(data, at)
        return value, at

    return read
