"""Scenarios of `databus bench chaos` with one seed, one after the other on one line; each has subjects of its own.

Every test run kills workers; what takes minutes each is run with `-m chaos`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.chaos.run import Line, line, run
from bench.chaos.scenarios import SCENARIOS

pytestmark = pytest.mark.live
# What leaves a whole test run well below an hour on two cores; the bench takes 200,000 each.
SUBMISSIONS, SEED = 4_000, 35
IN_EVERY_RUN = "kill"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with line(tmp_path_factory.mktemp("chaos")) as made:
        yield made


@pytest.mark.parametrize("name", [name if name == IN_EVERY_RUN else pytest.param(name, marks=pytest.mark.chaos) for name in SCENARIOS])
def test_nothing_is_lost_doubled_or_stale(name: str, broken: Line) -> None:
    ran = run(name, broken, submissions=SUBMISSIONS, seed=SEED)
    assert ran.verdict.clean, ran.verdict.examples
    assert ran.faults > 0
