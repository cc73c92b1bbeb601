"""What an oracle has found wrong, by kind, with a few examples of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

LOST, DOUBLED, STALE, GAPS = "lost", "doubled", "stale", "gaps"
KINDS = (LOST, DOUBLED, STALE, GAPS)
_SHOWN = 5


@dataclass
class Verdict:
    """`lost`: not there; `doubled`: there once too often, or without a cause; `stale`: other than it should be; `gaps`: numbers
    of a profile that are not dense. `noted` counts what is no fault."""

    found: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def wrong(self, kind: str, what: str) -> None:
        """Note a fault."""
        self.found[kind] += 1
        shown = self.examples.setdefault(kind, [])
        if len(shown) < _SHOWN:
            shown.append(what)

    def require(self, holds: bool, kind: str, what: str) -> None:
        """Note a fault unless it holds."""
        if not holds:
            self.wrong(kind, what)

    def same(self, found: object, expected: object, kind: str, what: str) -> None:
        """Note a fault unless both are equal."""
        if found != expected:
            self.wrong(kind, f"{what}: {found!r} instead of {expected!r}")

    def each(self, found: set[str], expected: set[str], what: str) -> None:
        """Note what is missing as lost and what is too much as doubled."""
        for name in sorted(expected - found):
            self.wrong(LOST, f"{what} {name}")
        for name in sorted(found - expected):
            self.wrong(DOUBLED, f"{what} {name}")

    @property
    def clean(self) -> bool:
        """True if nothing is wrong."""
        return not any(self.found.values())
