"""`databus bench merge` comes to its end on a real Kafka, small."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.merge import full, projecting, same
from bench.merge.ground import Ground
from databus.cli.session import session
from databus.local.running import Running

pytestmark = pytest.mark.live

COUNT = 400


def test_every_peer_merges_and_the_whole_line_is_measured(stack: Running, tmp_path: Path) -> None:
    ground = Ground(session(stack.settings), tmp_path)
    rows = {row.measure: row for row in same.measure(ground, COUNT, None, rounds=1)}
    assert rows["simple merge: stock Faust / databus"].value
    assert rows["simple merge: databus / Quix Streams"].holds is None
    (ratio,) = [row.value for row in full.measure(ground, COUNT, 3, rounds=1) if row.goal]
    assert ratio and ratio > 1
    steps, projector = projecting.measure(ground, COUNT, 3, rounds=1)
    assert steps.value and projector.value and projector.value < 1
