"""Avro written by functions that are made of a schema once.

fastavro asks each branch of a union in turn whether a value fits it, and nearly every field of a contract is such a union: that
costs more than all else a department does with a row. These functions write the same bytes, several times faster: each is one
straight run of Python from the first field to the last. What is not plainly of its type they do not write: fastavro then decides,
with its own words for what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

from databus.contract.compiling import Compiling, Unsure, inside

Write = Callable[[Any], bytes]
DOUBTS = (Unsure, AttributeError, TypeError, ValueError, LookupError, ArithmeticError)
"""What such a function raises on a value it does not write."""

NULL, VALUE = b"\x00", b"\x02"
"""The two branches of a union with null first."""

_EPOCH = date(1970, 1, 1).toordinal()
_LONG = 63
_INT = 31
_PAIR = 1 << 14
_SMALL = _PAIR >> 1
_NOTHING = object()


def writer_of(schema: Any, *, places: Mapping[str, str] | None = None) -> Write:
    """The function that writes values of a schema: mappings by field name or, with `places`, objects with an attribute for each field;
    `places` names the attribute, dotted, of a field that lies elsewhere than under its own name.

    Raises:
        Unsure: contracts have no such schema.
    """
    names = {"Unsure": Unsure, "join": b"".join, "day": _date, "number": _number, "lengths": _LENGTHS, "texts": _texts, **_PLAIN, **_WIDE}
    making = _Writing(names) if places is None else _Nouns(names, places=places)
    lines = ["out = []", *making.value(schema, "", "value"), "return join(out)"]
    return making.function("value", lines)


# Seven bits to a byte, two bytes at a time: what ends a number, and what more follows behind.
_LAST = tuple(bytes((pair,)) if pair < 128 else bytes((pair & 0x7F | 0x80, pair >> 7)) for pair in range(_PAIR))
_MORE = tuple(bytes((pair & 0x7F | 0x80, pair >> 7 | 0x80)) for pair in range(_PAIR))
_LENGTHS = _LAST[::2]
"""Lengths, days and small numbers are most of what is written."""


def _zigzag(number: int) -> bytes:
    number = number << 1 if number >= 0 else ((-number) << 1) - 1
    out = b""
    while number >= _PAIR:
        out += _MORE[number & _PAIR - 1]
        number >>= 14
    return out + _LAST[number]


def _number(number: int) -> bytes:
    return _LENGTHS[number] if 0 <= number < _SMALL else _zigzag(number)


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
        return _zigzag(value)

    return write


@lru_cache(maxsize=1 << 14)
def _texts(told: tuple[Any, ...]) -> bytes:
    """A list of texts in a noun: flags and names of fields come again and again. What departments send, in lists, is not kept: it may
    be long."""
    texts = [one.encode() for one in told]
    parts = [part for text in texts for part in (_number(len(text)), text)]
    return b"".join((_number(len(texts)), *parts, NULL)) if texts else NULL


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


_PLAIN: Mapping[str, Write] = {"null": _null, "boolean": _boolean}
_WIDE: Mapping[str, Write] = {"wide_int": _integer(_INT), "wide_long": _integer(_LONG)}
_SIZED = f"out.append(lengths[size] if size < {_SMALL} else number(size))"


class _Writing(Compiling):
    def value(self, schema: Any, namespace: str, told: str) -> list[str]:
        """The lines that add the value of that variable to `out`."""
        match schema:
            case "string":
                # Most of what is there: a text of fewer bytes than the table of lengths has.
                return [f"text = {told}.encode()", "size = len(text)", _SIZED, "out.append(text)"]
            case "bytes":
                return [*_only(told, "bytes"), f"size = len({told})", _SIZED, f"out.append({told})"]
            case "int" | "long":
                return [*_only(told, "int"), f"out.append(lengths[{told}] if 0 <= {told} < {_SMALL} else wide_{schema}({told}))"]
            case str() if schema in _PLAIN:
                return [f"out.append({schema}({told}))"]
            case str():
                return self.value(*self.mentioned(schema, namespace), told)
            case list():
                return self._optional(schema, namespace, told)
            case {"logicalType": "date", "type": "int"}:
                return [f"out.append(day({told}))"]
            case {"logicalType": "decimal", "type": "bytes", "precision": precision}:
                return [f"out.append({self.constant(_decimal(precision, schema.get('scale', 0)))}({told}))"]
            case {"logicalType": _}:
                raise Unsure
            case {"type": "record"}:
                return self._record(schema, schema.get("namespace", namespace), told)
            case {"type": "enum", "symbols": symbols}:
                self.remember(schema, schema.get("namespace", namespace))
                return [f"out.append({self.constant({symbol: _number(place) for place, symbol in enumerate(symbols)})}[{told}])"]
            case {"type": "array", "items": "string"}:
                each = self.value({"type": "array", "items": {"type": "string"}}, namespace, told)
                return [f"if type({told}) is tuple:", f" out.append(texts({told}))", "else:", *inside(each)]
            case {"type": "array", "items": items}:
                item = self.variable()
                block = [f"for {item} in {told}:", *inside(self.value(items, namespace, item))]
                return _block(f"type({told}) is not list and type({told}) is not tuple", told, block)
            case {"type": "map", "values": values}:
                name, item = self.variable(), self.variable()
                each = [*self.value("string", namespace, name), *self.value(values, namespace, item)]
                return _block(f"type({told}) is not dict", told, [f"for {name}, {item} in {told}.items():", *inside(each)])
            case {"type": str() | list() | dict() as inner} if inner != "fixed":
                return self.value(inner, namespace, told)
            case _:
                raise Unsure

    def _optional(self, branches: list[Any], namespace: str, told: str) -> list[str]:
        if len(branches) != 2 or branches[0] != "null":
            raise Unsure
        return [
            f"if {told} is None:",
            f" out.append({NULL!r})",
            "else:",
            f" out.append({VALUE!r})",
            *inside(self.value(branches[1], namespace, told)),
        ]

    def _record(self, schema: Mapping[str, Any], namespace: str, told: str) -> list[str]:
        get = self.variable()
        lines = [f"{get} = {told}.get"]
        for one in schema["fields"]:
            part, default = self.variable(), one.get("default", _NOTHING)
            otherwise = "" if default is None else f", {self.constant(default)}"
            lines += [f"{part} = {get}({one['name']!r}{otherwise})", *self.value(one["type"], namespace, part)]
        self.remember(schema, namespace)
        return lines


@dataclass
class _Nouns(_Writing):
    places: Mapping[str, str] = field(default_factory=dict)

    def _record(self, schema: Mapping[str, Any], namespace: str, told: str) -> list[str]:
        parts = [(self.variable(), one) for one in schema["fields"]]
        if not parts:
            raise Unsure
        get = self.constant(attrgetter(*(self.places.get(one["name"], one["name"]) for _, one in parts)))
        lines = [f"{', '.join(part for part, _ in parts)} = {get}({told})"]
        for part, one in parts:
            lines += self.value(one["type"], namespace, part)
        self.remember(schema, namespace)
        return lines


def _only(told: str, kind: str) -> list[str]:
    return [f"if type({told}) is not {kind}:", " raise Unsure"]


def _block(strange: str, told: str, lines: list[str]) -> list[str]:
    return [f"if {strange}:", " raise Unsure", f"if {told}:", f" out.append(number(len({told})))", *inside(lines), f"out.append({NULL!r})"]
