"""Small charts as SVG: what a template draws, in the units of its view box; every number is also there as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

STEP, GAP = 8, 2
"""Width of a column with the gap behind it, and the gap."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One column: left and upper edge, width, height; what it stands for."""

    x: float
    y: float
    width: float
    height: float
    told: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A view box of this size and what stands in it. `sense` says in one word how it goes: up, down, even."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    sense: str


def columns(counts: Sequence[int], told: Sequence[str], *, height: int = 28, most: int = 0) -> Chart:
    """A column per count, the highest as high as the chart (or as `most`, if that is more); nothing is drawn for 0."""
    top = max(most, *counts, 1)
    bars = tuple(_bar(number, count, text, height, top) for number, (count, text) in enumerate(zip(counts, told, strict=True)))
    return Chart(len(counts) * STEP - GAP, height, bars, sense_of(counts))


def _bar(number: int, count: int, told: str, height: int, top: int) -> Bar:
    tall = ceil(count * height / top)
    return Bar(number * STEP, height - tall, STEP - GAP, tall, f"{told}: {count}")


def shares(values: Sequence[float | None], told: Sequence[str], *, height: int = 28) -> Chart:
    """A column per share of 0 to 1, as high as the share; none where there is no share."""
    bars = tuple(
        Bar(number * STEP, height - value * height, STEP - GAP, value * height, f"{text}: {value:.1%}")
        for number, (value, text) in enumerate(zip(values, told, strict=True))
        if value is not None
    )
    known = [value for value in values if value is not None]
    sense = "even" if len(known) < 2 or known[-1] == known[-2] else "up" if known[-1] > known[-2] else "down"
    return Chart(max(1, len(values) * STEP - GAP), height, bars, sense)


def bar(share: float | None, *, width: int = 100, height: int = 8) -> Chart:
    """A share of 0 to 1 as one bar from the left."""
    bars = () if share is None else (Bar(0, 0, share * width, height, f"{share:.1%}"),)
    return Chart(width, height, bars, "even")


def sense_of(counts: Sequence[int]) -> str:
    """Whether the last third is more than the third before it."""
    third = max(1, len(counts) // 3)
    late, early = sum(counts[-third:]), sum(counts[-2 * third : -third])
    return "even" if late == early else "up" if late > early else "down"


def slots(since: int, until: int, count: int) -> Iterator[tuple[int, int]]:
    """Equal parts of the time between two instants (milliseconds)."""
    for number in range(count):
        yield since + (until - since) * number // count, since + (until - since) * (number + 1) // count
