"""The checks of the whole profile, rule by rule."""

from __future__ import annotations

import pytest

from databus.model.change import Kind
from folding import Line
from quality.whole import FAILS, PASSES, Case


def broken(case: Case) -> set[str]:
    """The rules that stand broken; an exact duplicate is only counted."""
    line = Line()
    for event in case.events:
        line.hear(event)
    counted = {"DQ-UNI-01"} if any(step.kind is Kind.DUPLICATE for step in line.steps) else set()
    return {rule for rule, *_ in line.open} | counted


@pytest.mark.parametrize("case", FAILS, ids=str)
def test_check_fails(case: Case) -> None:
    assert case.rule in broken(case)


@pytest.mark.parametrize("case", PASSES, ids=str)
def test_check_passes(case: Case) -> None:
    assert case.rule not in broken(case)
