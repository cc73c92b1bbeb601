"""`databus bench merge` comes to its end on a real Kafka, small."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.merge import full, growing, projecting, recovering, same, visible
from bench.merge.ground import Ground
from databus.cli.session import session
from databus.local.running import Running
from live.line import live_of

pytestmark = pytest.mark.live

COUNT, FEW = 400, 100


def test_every_peer_merges_and_the_whole_line_is_measured(stack: Running, tmp_path: Path) -> None:
    ground, live = Ground(session(stack.settings), tmp_path), live_of(stack.settings)
    refusals = "SELECT finding_id FROM findings WHERE verdict IN ('R', 'H') ORDER BY 1"
    before = live.sql(refusals)
    rows = {row.measure: row for row in same.measure(ground, COUNT, None, rounds=1)}
    assert rows["simple merge: stock Faust / databus"].value
    assert rows["simple merge: databus / Quix Streams"].holds is None
    (ratio,) = [row.value for row in full.measure(ground, COUNT, 3, rounds=1) if row.goal]
    assert ratio and ratio > 1
    *steps, projector = projecting.measure(ground, COUNT, 3, rounds=1)
    assert all(row.value for row in steps) and projector.value and projector.value < 1
    *each, recovery = recovering.measure(ground, COUNT, 3, rounds=1)
    assert all(row.value for row in each) and recovery.value and recovery.value < 1
    parts = (growing.registers, growing.subject, growing.heads)
    grown = {row.measure: row.value for part in parts for row in part(ground, COUNT, 3)}
    assert len(grown) == 9 and all(grown.values())
    live.settled()
    assert live.sql(refusals) == before, "what the bench finds is told to nobody"


def test_what_is_published_is_seen_in_rows_after_some_time(stack: Running, tmp_path: Path) -> None:
    ground = Ground(session(stack.settings), tmp_path)
    found = asyncio.run(visible.flow(ground.here, visible.sample(ground, FEW, seed=977), rate=FEW))
    # Of the sample a few per cent are refused or held, and never get there.
    assert FEW * 0.8 < len(found.delays) <= FEW
    assert 0 < found.after(50) <= found.after(99)
    assert 0 < found.rate <= FEW * 1.1
