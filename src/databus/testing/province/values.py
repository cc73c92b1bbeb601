"""The hints of type.yaml as payloads: in order, with their shares and conditions; and what a correction changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from databus.contract.catalogue import RecordType
from databus.contract.predicates import Predicate, predicate
from databus.testing.province.generators import GENERATORS
from databus.testing.province.making import Generator, Making

_SPOKEN = frozenset({"template", "phrases", "label", "by_department", "by_field", "choice", "constant"})


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one field is filled, made ready once: `share` of the records that carry it, the field it goes with, a condition."""

    name: str
    hint: Mapping[str, Any]
    make: Generator
    share: float
    beside: str
    when: Predicate | None


def recipes(record_type: RecordType) -> tuple[Recipe, ...]:
    """The recipes of a type in the order of its hints, but a field behind the one it goes with."""
    left, ready = dict(record_type.hints), list[str]()
    while left:
        name = next((name for name, hint in left.items() if hint.get("with") not in left), next(iter(left)))
        ready.append(name)
        del left[name]
    return tuple(_recipe(name, record_type.hints[name], record_type) for name in ready)


def _recipe(name: str, hint: Mapping[str, Any], record_type: RecordType) -> Recipe:
    return Recipe(
        name=name,
        hint=hint,
        make=GENERATORS[hint["gen"]],
        share=float(hint.get("share", 1)),
        beside=str(hint.get("with", "")),
        when=predicate(hint["when"], f"{record_type.name}/type.yaml hints") if "when" in hint else None,
    )


def payload(written: Iterable[Recipe], making: Making) -> dict[str, Any]:
    """A payload for one record; a field without a value is left out."""
    made, chance = making.made, making.random.random
    content = {"payload": made, "envelope": {"subject": making.subject.reference}}
    for recipe in written:
        named = making.subject.known_by and recipe.hint.get("part") == making.subject.known_by
        if recipe.share < 1 and chance() >= recipe.share and not named:
            continue
        if (recipe.beside and recipe.beside not in made) or (recipe.when is not None and not recipe.when(content)):
            continue
        value = recipe.make(recipe.name, recipe.hint, making)
        if value is not None and value != "":
            made[recipe.name] = value
    return made


def revise(record_type: RecordType, content: Mapping[str, Any], random: Random) -> dict[str, Any]:
    """The content with one sum or date-free text changed; see `revisable`."""
    name = random.choice(revisable(record_type, content))
    value = content[name]
    if isinstance(value, Decimal):
        return {**content, name: value + Decimal(100)}
    return {**content, name: value + 1 if isinstance(value, int) else f"{value}（更正{random.randint(1, 9999)}）"}


def revisable(record_type: RecordType, content: Mapping[str, Any]) -> list[str]:
    """What a correction may change: never a field of the key, nor one that a check reads a code from."""
    words = {name for name, hint in record_type.hints.items() if hint["gen"] in _SPOKEN}
    kept = {name for name, field in record_type.fields.items() if field.code or (field.max_length or 4000) < 200}
    numbers = {name for name, hint in record_type.hints.items() if hint["gen"] in ("amount", "number")}
    texts = {name for name in words - kept if isinstance(content.get(name), str)}
    return [name for name in content if name not in record_type.key_fields and (name in numbers or name in texts)]
