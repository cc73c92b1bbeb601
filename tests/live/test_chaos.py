"""`databus bench chaos` with one seed: whatever it does to a line is done in turn to one that 20,000 submissions go through."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.chaos.run import line, run

pytestmark = pytest.mark.live
SUBMISSIONS, SEED = 20_000, 35


def test_nothing_is_lost_doubled_or_stale(tmp_path: Path) -> None:
    with line(tmp_path) as broken:
        ran = run("mixed", broken, submissions=SUBMISSIONS, seed=SEED)
    assert ran.verdict.clean, ran.verdict.examples
