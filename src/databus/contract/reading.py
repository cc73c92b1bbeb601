"""Avro read by functions that are made of a schema once: the other side of `writing`.

fastavro asks a stream for each byte of each length; these functions look into the bytes at hand and pass over absent fields at
once. What is not plainly a value of its schema they do not read: fastavro then decides what it is, or what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from databus.contract.writing import Unsure

Read = Callable[[bytes, int], tuple[Any, int]]
"""Bytes and a place in them → the value there, and the place behind it. A place may lie behind the end: whoever asked looks."""

_EPOCH = date(1970, 1, 1).toordinal()
_SEVEN_BITS, _MORE = 0x7F, 0x80
_LONGEST_SHIFT = 56
_LONG = 0x81
"""Bits of a first byte that make a length more than one byte, or negative."""
_VALUE = 2
"""The branch of a union that is not null."""


def reader_of(schema: Any) -> Read:
    """The function that reads values of a schema.

    Raises:
        Unsure: contracts have no such schema.
    """
    return _reader(schema, {}, "")


def _number(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    at += 1
    if byte < _MORE:
        return byte >> 1 ^ -(byte & 1), at
    number, shift = byte & _SEVEN_BITS, 7
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


def _reader(schema: Any, named: dict[str, Read], namespace: str) -> Read:
    match schema:
        case str():
            found = _PLAIN.get(schema) or named.get(schema) or named.get(f"{namespace}.{schema}")
            if found is None:
                raise Unsure
            return found
        case {"logicalType": "date", "type": "int"}:
            return _date
        case {"logicalType": _}:
            raise Unsure
        case {"type": "record"}:
            return _record(schema, named, schema.get("namespace", namespace))
        case {"type": "enum", "symbols": list(symbols)}:
            return _named(schema, named, schema.get("namespace", namespace), _enum(tuple(symbols)))
        case {"type": "array", "items": items}:
            return _array(_reader(items, named, namespace))
        case {"type": "map", "values": values}:
            return _map(_reader(values, named, namespace))
        case {"type": str() | dict() as inner} if inner != "fixed":
            return _reader(inner, named, namespace)
        case _:
            raise Unsure


def _named(schema: Mapping[str, Any], named: dict[str, Read], namespace: str, read: Read) -> Read:
    name = schema["name"]
    named[name if "." in name else f"{namespace}.{name}"] = read
    return read


def _enum(symbols: tuple[str, ...]) -> Read:
    def read(data: bytes, at: int) -> tuple[str, int]:
        place, at = _number(data, at)
        if place < 0:
            raise Unsure
        return symbols[place], at

    return read


def _optional(branches: Any, named: dict[str, Read], namespace: str) -> tuple[bool, Read]:
    if not isinstance(branches, list):
        return False, _reader(branches, named, namespace)
    if len(branches) != 2 or branches[0] != "null":
        raise Unsure
    return True, _reader(branches[1], named, namespace)


def _record(schema: Mapping[str, Any], named: dict[str, Read], namespace: str) -> Read:
    fields = [(field["name"], *_optional(field["type"], named, namespace)) for field in schema["fields"]]
    names = [name for name, *_ in fields]

    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        # In the order of the schema, absent until it is read.
        value: dict[str, Any] = dict.fromkeys(names)
        for name, optional, one in fields:
            if optional:
                branch = data[at]
                at += 1
                if not branch:
                    continue
                if branch != _VALUE:
                    raise Unsure
            if one is _string and not (size := data[at]) & _LONG:
                # Most of what is there: a text of at most 63 bytes.
                end = at + 1 + (size >> 1)
                value[name], at = data[at + 1 : end].decode(), end
            else:
                value[name], at = one(data, at)
        return value, at

    return _named(schema, named, namespace, read)


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
