"""Every scenario of `databus bench chaos` with one seed and a small load; each on a stack of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.chaos.run import run
from bench.chaos.scenarios import SCENARIOS

pytestmark = [pytest.mark.live, pytest.mark.chaos]
# All scenarios together stay below eight minutes on two cores; the load they break is the same as in the bench, in rate too.
SUBMISSIONS, SEED = 4_000, 35


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_doubled_or_stale(name: str, tmp_path: Path) -> None:
    ran = run(name, tmp_path, submissions=SUBMISSIONS, seed=SEED)
    assert ran.verdict.clean, ran.verdict.examples
    assert sum(ran.struck.values()) + sum(ran.ended.values()) > 0
