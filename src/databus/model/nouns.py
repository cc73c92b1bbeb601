"""Dataclasses that are made for every event.

`dataclass(frozen=True)` means here what it means everywhere, but the type checker alone holds it: the interpreter would set each
field through `object.__setattr__`, which makes an event of 25 fields twice as dear, and nouns are made by the dozen per event.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

Noun = TypeVar("Noun")

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import replace as replace
else:

    def dataclass(*, frozen: bool, slots: bool) -> Callable[[type[Noun]], type[Noun]]:
        """The decorator: equal nouns are equal and hash alike, and none is ever changed."""
        return dataclasses.dataclass(slots=slots, unsafe_hash=frozen)

    def replace(noun: Noun, /, **told: Any) -> Noun:
        """A noun like this one but for these fields; the library's, which looks at each field, takes four times as long for a step."""
        made = type(noun)(*_values(type(noun))(noun))
        for name, value in told.items():
            setattr(made, name, value)
        return made

    @cache
    def _values(kind: type[Noun]) -> Callable[[Noun], tuple[Any, ...]]:
        names = kind.__match_args__
        asked = attrgetter(*names)
        return asked if len(names) > 1 else lambda noun: (asked(noun),)
