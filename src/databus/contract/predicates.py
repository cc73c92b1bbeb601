"""Small predicates over a submission, written in YAML and compiled when a contract is loaded.

    {field: payload.procedure, equals: "01"}          one value
    {field: payload.reg_state, in: [CANCELLED]}       one of several
    {field: payload.penalty_kinds, any: [FINE]}       a list holds one of these
    {field: payload.penalty_kinds, only: [WARNING]}   a list holds something, and nothing else
    {field: payload.fine_yuan, above: 50000}          also below; numbers and days
    {field: payload.removed_on, present: true}        neither null nor empty
    {severity: LIGHT}                                 the severity of a penalty
    {all: [...]}  {any_of: [...]}  {not: {...}}  {}   all, at least one, none of it, always

A value that is absent satisfies nothing but `present: false`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from databus.errors import BadContract

Predicate = Callable[[Mapping[str, Any]], bool]


def value_at(content: Mapping[str, Any], path: str) -> Any:
    """The value behind a dotted path such as `payload.doc_no`; None where any part is absent."""
    value: Any = content
    for part in path.split("."):
        # Nearly always a dict, and asking an abstract class costs ten times as much.
        if type(value) is not dict and not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


@cache
def reader(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """`value_at` for one path, taken apart once: rules ask the same paths of every event."""
    first, *rest = path.split(".")
    if len(rest) != 1:
        return lambda content: value_at(content, path)
    (last,) = rest

    def read(content: Mapping[str, Any]) -> Any:
        part = content.get(first)
        return part.get(last) if type(part) is dict else value_at(content, path)

    return read


def predicate(raw: Any, where: str) -> Predicate:
    """A predicate from its YAML; it takes a decoded submission {"envelope": …, "payload": …}.

    Raises:
        BadContract: an operator that does not exist, or one without its operand.
    """
    match raw:
        case None:
            return lambda content: True
        case dict() if not raw:
            return lambda content: True
        case {"all": list(parts)} if len(raw) == 1:
            return _every(tuple(predicate(part, where) for part in parts))
        case {"any_of": list(parts)} if len(raw) == 1:
            return _some(tuple(predicate(part, where) for part in parts))
        case {"not": part} if len(raw) == 1:
            inner = predicate(part, where)
            return lambda content: not inner(content)
        case {"severity": str(severity)} if len(raw) == 1:
            return lambda content: content.get("severity") == severity
        case {"field": str(path), **rest} if len(rest) == 1:
            ((operator, operand),) = rest.items()
            return _on_field(path, str(operator), operand, where)
        case _:
            raise BadContract(f"{where} has a predicate that cannot be read: {raw}", file=where)


def _every(parts: tuple[Predicate, ...]) -> Predicate:
    # By loops: a generator for two or three parts costs more than the parts.
    def holds(content: Mapping[str, Any]) -> bool:
        for part in parts:  # noqa: SIM110
            if not part(content):
                return False
        return True

    return holds


def _some(parts: tuple[Predicate, ...]) -> Predicate:
    def holds(content: Mapping[str, Any]) -> bool:
        for part in parts:  # noqa: SIM110
            if part(content):
                return True
        return False

    return holds


def _on_field(path: str, operator: str, operand: Any, where: str) -> Predicate:
    test, read = _test(operator, operand, where), reader(path)

    def holds(content: Mapping[str, Any]) -> bool:
        return test(read(content))

    return holds


def _test(operator: str, operand: Any, where: str) -> Callable[[Any], bool]:
    match operator, operand:
        case "present", bool():
            return lambda value: (value not in (None, "", [])) is operand
        case "equals", str() | bool() | int():
            return lambda value: bool(value == operand)
        case "in", list():
            return lambda value: value in operand
        case "any", list():
            one = frozenset(operand)
            return lambda value: isinstance(value, (list, tuple)) and not one.isdisjoint(value)
        case "only", list():
            all_of = frozenset(operand)
            return lambda value: isinstance(value, (list, tuple)) and bool(value) and all_of.issuperset(value)
        case "above" | "below", _ if operand is not None:
            limit = Decimal(str(operand)) if isinstance(operand, int | float) else operand
            sign = operator == "above"
            return lambda value: value is not None and bool(value > limit if sign else value < limit)
        case _:
            raise BadContract(f"{where} has no predicate {operator}: {operand}", file=where)
