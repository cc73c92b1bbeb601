"""The arithmetic of the table: medians, ratios, goals. What could not be measured has neither value nor verdict."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from databus.cli.bench import Row


def middle(values: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    return median(values) if values else None


def ratios(values: Sequence[float], bases: Sequence[float]) -> list[float]:
    """How many times the base, round by round: what ran in the same minutes is compared. Nothing where one was not measured."""
    return [value / base for value, base in zip(values, bases, strict=False)]


def plain(measure: str, value: float | None, unit: str) -> Row:
    """A measure without a goal."""
    return Row(measure, value, unit, "", None)


def at_least(measure: str, value: float | None, goal: float, unit: str = "×", *, able: bool = True) -> Row:
    """A measure that should not be below its goal; `able` is false where this machine cannot tell."""
    return Row(measure, value, unit, f"≥ {goal:g}", value >= goal if able and value is not None else None)


def at_most(measure: str, value: float | None, goal: float, unit: str = "×", *, able: bool = True) -> Row:
    """A measure that should not be above its goal."""
    return Row(measure, value, unit, f"≤ {goal:g}", value <= goal if able and value is not None else None)
