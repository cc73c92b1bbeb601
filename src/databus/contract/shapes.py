"""What a value read of a schema is in a noun of the model: which enumeration, tuple or dataclass, by the hints of its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Make = Callable[[Any], Any]
Makes = tuple[tuple[str, Make], ...]
"""Fields that are made of what was read by functions of their own."""
Noun = TypeVar("Noun")


def noun_of(noun: type[Noun], value: Mapping[str, Any], makes: Makes = ()) -> Noun:
    """The noun with a field for each of its own in a record; what else the record has is left out.

    Raises:
        LookupError: the record lacks a field, or says a word that an enumeration does not have.
    """
    kind: type = noun
    made = makers(kind, makes, noun_of)
    return noun(**{name: value[name] if make is None else make(value[name]) for name, make in made.items()})


@cache
def makers(noun: type, makes: Makes, nested: Callable[[type, Any], Any] | None = None) -> Mapping[str, Make | None]:
    """By field of a noun, in their order, what makes its value of that in the record; None where it is the same.

    `nested` makes a noun of a record in it; without that such nouns are made already.
    """
    own, hints = dict(makes), get_type_hints(noun)
    return {field.name: own.get(field.name) or _maker(hints[field.name], nested) for field in fields(noun)}


def nouns(noun: type) -> Mapping[str, type]:
    """The nouns that lie in the fields of a noun, by their names."""
    found: dict[str, type] = {}
    for hint in get_type_hints(noun).values():
        for one in (hint, *get_args(hint)):
            if is_dataclass(one) and isinstance(one, type):
                found |= {one.__name__: one, **nouns(one)}
    return found


def _maker(hint: Any, nested: Callable[[type, Any], Any] | None) -> Make | None:
    origin, parts = get_origin(hint), [part for part in get_args(hint) if part not in (NoneType, Ellipsis)]
    if origin in (Union, UnionType):
        (part,) = parts
        return _optional(_maker(part, nested))
    if origin is tuple:
        return _every(_maker(parts[0], nested))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _by_name(_maker(parts[1], nested))
    if is_dataclass(hint) and isinstance(hint, type):
        return None if nested is None else partial(nested, hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        # An enumeration looks its members up in Python, and an event names six.
        return {member.value: member for member in hint}.__getitem__
    return None


def _optional(make: Make | None) -> Make | None:
    return None if make is None else lambda value: None if value is None else make(value)


def _every(make: Make | None) -> Make:
    return tuple if make is None else lambda value: tuple(map(make, value))


def _by_name(make: Make | None) -> Make | None:
    return None if make is None else lambda value: {name: make(one) for name, one in value.items()}
