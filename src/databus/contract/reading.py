"""Avro read by functions that are made of a schema once: the other side of `writing`.

fastavro asks a stream for each byte of each length; such a function is one straight run of Python over the bytes at hand, from the
first field to the last. What is not plainly a value of its schema it does not read: fastavro then decides what it is, or what is
wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from typing import Any

from databus.contract.compiling import Compiling, Unsure, inside
from databus.contract.decimals import Amount, decimal
from databus.contract.shapes import Makes, makers, nouns

Read = Callable[[bytes, int], tuple[Any, int]]
"""Bytes and a place in them → the value there, and the place behind it. A place may lie behind the end: whoever asked looks."""

_EPOCH = date(1970, 1, 1).toordinal()
_SEVEN_BITS, _MORE = 0x7F, 0x80
_LAST_SHIFT = 63
"""Of a long, the tenth byte holds one bit."""
_LONG, _NEGATIVE = 0x81, 0x01
"""Bits of a first byte that make a length more than one byte or negative, and negative."""
_VALUE = 2
"""The branch of a union that is not null."""


def reader_of(schema: Any, *, noun: type | None = None, makes: Makes = ()) -> Read:
    """The function that reads values of a schema: mappings by field name or, with a `noun`, instances of that, those in it likewise;
    `makes` are as for `shapes.noun_of`.

    Raises:
        Unsure: contracts have no such schema, or the noun has a field that it lacks.
    """
    names = {"Unsure": Unsure, "day": _day, "number": _number}
    making = _Reading(names) if noun is None else _Nouns(names, nouns={**nouns(noun), schema["name"]: noun}, makes=makes)
    return making.function("data, at", [*making.value(schema, "", "value"), "return value, at"])


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of more than one byte."""
    # Lengths have two, days three: without the loop those cost half.
    first, second = data[at], data[at + 1]
    number = first & _SEVEN_BITS | (second & _SEVEN_BITS) << 7
    if second < _MORE:
        return number >> 1 ^ -(number & 1), at + 2
    third = data[at + 2]
    number |= (third & _SEVEN_BITS) << 14
    at, shift = at + 3, 21
    if third < _MORE:
        return number >> 1 ^ -(number & 1), at
    while True:
        byte = data[at]
        at += 1
        if shift == _LAST_SHIFT and byte > 1:
            raise Unsure
        number |= (byte & _SEVEN_BITS) << shift
        if byte < _MORE:
            return number >> 1 ^ -(number & 1), at
        shift += 7


@lru_cache(maxsize=1 << 15)
def _day(days: int) -> date:
    return date.fromordinal(days + _EPOCH)


class _Reading(Compiling):
    def value(self, schema: Any, namespace: str, into: str) -> list[str]:
        """The lines that read a value of this schema into that variable, and move `at` behind it."""
        match schema:
            case "string":
                return [*_SIZED, f"{into} = data[at:end].decode()", "at = end"]
            case "bytes":
                return [*_SIZED, f"{into} = data[at:end]", "at = end"]
            case "int" | "long":
                return _numbered(into)
            case "boolean":
                return self._looked_up({0: False, 1: True}, into)
            case str():
                return self.value(*self.mentioned(schema, namespace), into)
            case {"logicalType": "date", "type": "int"}:
                return [*_numbered("days"), f"{into} = day(days)"]
            case {"logicalType": "decimal", "type": "bytes", "precision": precision}:
                amount = self.constant(partial(_amount, Amount(precision, schema.get("scale", 0))))
                return [*_SIZED, f"{into} = {amount}(data[at:end])", "at = end"]
            case {"logicalType": _}:
                raise Unsure
            case {"type": "record"}:
                return self._record(schema, schema.get("namespace", namespace), into)
            case {"type": "enum", "symbols": list(symbols)}:
                self.remember(schema, schema.get("namespace", namespace))
                return self._looked_up({place << 1: symbol for place, symbol in enumerate(symbols[: _MORE >> 1])}, into)
            case {"type": "array", "items": items}:
                return self._blocks(f"{into} = []", items, f"{into}.append({{}})", namespace)
            case {"type": "map", "values": values}:
                name = self.variable()
                return self._blocks(f"{into} = {{}}", values, f"{into}[{name}] = {{}}", namespace, *self.value("string", namespace, name))
            case {"type": str() | dict() as inner} if inner != "fixed":
                return self.value(inner, namespace, into)
            case _:
                raise Unsure

    def _record(self, schema: Mapping[str, Any], namespace: str, into: str) -> list[str]:
        lines, parts = [], []
        for one in schema["fields"]:
            part = self.variable()
            lines += self._field(one["type"], namespace, part)
            parts.append(f"{one['name']!r}: {part}")
        # Known by its name only now: a record that holds itself is left to fastavro.
        self.remember(schema, namespace)
        return [*lines, f"{into} = {{{', '.join(parts)}}}"]

    def _field(self, schema: Any, namespace: str, into: str) -> list[str]:
        if not isinstance(schema, list):
            return self.value(schema, namespace, into)
        if len(schema) != 2 or schema[0] != "null":
            raise Unsure
        there = self.value(schema[1], namespace, into)
        return [
            "branch = data[at]",
            "at += 1",
            "if not branch:",
            f" {into} = None",
            f"elif branch != {_VALUE}:",
            " raise Unsure",
            "else:",
            *inside(there),
        ]

    def _blocks(self, empty: str, items: Any, keep: str, namespace: str, *before: str) -> list[str]:
        left, item = self.variable(), self.variable()
        each = [*before, *self.value(items, namespace, item), keep.format(item)]
        block = [f"if {left} < 0:", " raise Unsure", f"for _ in range({left}):", *inside(each), *_numbered(left)]
        return [empty, *_numbered(left), f"while {left}:", *inside(block)]

    def _looked_up(self, values: Mapping[int, Any], into: str) -> list[str]:
        return [f"{into} = {self.constant(values)}[data[at]]", "at += 1"]


@dataclass
class _Nouns(_Reading):
    nouns: Mapping[str, type] = field(default_factory=dict)
    makes: Makes = ()

    def _record(self, schema: Mapping[str, Any], namespace: str, into: str) -> list[str]:
        noun = self.nouns.get(schema["name"])
        if noun is None:
            raise Unsure
        parts, lines = {one["name"]: self.variable() for one in schema["fields"]}, list[str]()
        made = makers(noun, self.makes)
        if not made.keys() <= parts.keys():
            raise Unsure
        for one in schema["fields"]:
            part, make = parts[one["name"]], made.get(one["name"])
            lines += self._field(one["type"], namespace, part)
            if make is not None:
                lines.append(f"{part} = {self.constant(make)}({part})")
        self.remember(schema, namespace)
        return [*lines, f"{into} = {self.constant(noun)}({', '.join(parts[name] for name in made)})"]


# Most of what is there has at most 63 bytes, and most numbers are as small: their first byte tells all. Most of the rest is told by two.
_SIZED = [
    "size = data[at]",
    f"if size & {_LONG}:",
    f" if size & {_NEGATIVE}:",
    "  raise Unsure",
    " more = data[at + 1]",
    f" if more < {_MORE}:",
    f"  size = (size & {_SEVEN_BITS} | more << 7) >> 1",
    "  at += 2",
    " else:",
    "  size, at = number(data, at)",
    "else:",
    " size >>= 1",
    " at += 1",
    "end = at + size",
]


def _numbered(into: str) -> list[str]:
    there = [f" {into} = {into} >> 1 ^ -({into} & 1)", " at += 1"]
    return [f"{into} = data[at]", f"if {into} & {_MORE}:", f" {into}, at = number(data, at)", "else:", *there]


def _amount(amount: Amount, raw: bytes) -> Any:
    value = decimal(raw, amount)
    if value is None:
        raise Unsure
    return value
