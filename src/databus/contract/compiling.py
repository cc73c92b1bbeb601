"""Functions made of a schema as lines of Python: what `reading` and `writing` have in common.

Only names and numbers of a schema get into the lines, names quoted; whatever else they need, they mention as a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any


class Unsure(Exception):
    """A value that is not plainly of its type, or a schema no function is made for."""


@dataclass
class Compiling:
    """A function under way. `names` are what its lines may mention, `known` the schemas that have a name, with its namespace."""

    names: dict[str, Any]
    known: dict[str, tuple[Any, str]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def function(self, head: str, lines: Iterable[str]) -> Callable[..., Any]:
        """The function with that head and those lines."""
        exec(compile("\n".join((f"def made({head}):", *inside(lines))), "<schema>", "exec"), self.names)
        made: Callable[..., Any] = self.names["made"]
        return made

    def constant(self, value: Any) -> str:
        """The name of a value that no line can spell."""
        name = self.variable()
        self.names[name] = value
        return name

    def variable(self) -> str:
        """A name nobody else has."""
        return f"v{next(self.numbers)}"

    def remember(self, schema: Mapping[str, Any], namespace: str) -> None:
        """A schema that others may mention from here on: one that mentions itself is left to fastavro."""
        name = schema["name"]
        self.known[name if "." in name else f"{namespace}.{name}"] = schema, namespace

    def mentioned(self, name: str, namespace: str) -> tuple[Any, str]:
        """The schema of that name, and the namespace it lies in.

        Raises:
            Unsure: there is none.
        """
        found = self.known.get(name) or self.known.get(f"{namespace}.{name}")
        if found is None:
            raise Unsure
        return found


def inside(lines: Iterable[str]) -> list[str]:
    """The same lines one step further in."""
    return [f" {line}" for line in lines]
