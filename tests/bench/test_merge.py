"""The arithmetic of `databus bench merge`, and what all its peers merge."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from bench.merge.ground import Spent
from bench.merge.peers.meter import Meter, Order
from bench.merge.peers.ours import Apart, simple
from bench.merge.peers.simple import CHANGE, EVENT, decode, events, merge
from bench.merge.quix import LOCK
from bench.merge.table import at_least, at_most, middle, ratios
from bench.merge.visible import Flow
from databus.bus.registers import Registers
from databus.model.chunk import Record
from databus.settings import CHECKOUT


def test_a_goal_holds_at_its_bound_and_on_its_side_of_it() -> None:
    assert [at_least("m", value, 7.0).holds for value in (6.9, 7.0, 7.1)] == [False, True, True]
    assert [at_most("m", value, 0.75).holds for value in (0.74, 0.75, 0.76)] == [True, True, False]


def test_what_was_not_measured_or_cannot_be_told_here_has_no_verdict() -> None:
    missing = at_most("m", middle(ratios([3.0], [])), 0.75)
    assert (missing.value, missing.holds) == (None, None)
    assert at_least("m", 1.0, 1.8, able=False).holds is None


def test_ratios_are_taken_within_a_round() -> None:
    # The machine was twice as slow in the second round, for both.
    assert middle(ratios([10.0, 20.0, 10.0], [5.0, 10.0, 5.0])) == 2.0


def test_the_meter_counts_what_comes_after_the_first_lot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([10.0, 10.5, 12.0])
    monkeypatch.setattr("time.process_time", lambda: next(clock))
    meter = Meter(300)
    assert [meter.add(100) for _ in range(3)] == [False, False, True]
    meter.tell()
    told = json.loads(capsys.readouterr().out)
    assert (told["events"], told["cpu"]) == (200, 2.0)
    assert Spent(**told).each == pytest.approx(10_000.0)


def test_a_lot_of_none_starts_the_clock(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([10.0, 12.0])
    monkeypatch.setattr("time.process_time", lambda: next(clock))
    meter = Meter(100)
    assert [meter.add(count) for count in (0, 100)] == [False, True]
    meter.tell()
    told = json.loads(capsys.readouterr().out)
    assert (told["events"], told["cpu"]) == (100, 2.0)


def test_a_flow_tells_after_how_long_so_many_were_through() -> None:
    flow = Flow(50.0, [number / 100 for number in range(1, 101)])
    assert flow.after(50) == pytest.approx(0.505)
    assert flow.after(99) == pytest.approx(0.9999)


def test_an_order_comes_through_a_pipe_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.merge.peers import meter

    asked = Order("here:1", "admin", "secret", ("a", "b"), "out", "state", "group", 5, {"names": {"events": "a"}})
    monkeypatch.setattr("sys.stdin", io.StringIO(asked.told().decode()))
    assert meter.order() == asked


def test_the_highest_seq_wins_and_a_repeat_changes_nothing() -> None:
    fed = [Record("events", 0, offset, 0, key, value) for offset, (key, value) in enumerate(events(60, subjects=5, seed=1))]
    state = Registers()
    first = simple(fed, state)
    state.apply(first.registers)
    assert len(first.outputs) == 60
    assert {output.key for output in first.outputs} == {record.key for record in fed}
    assert len(state) == 10
    assert not simple(fed, state).outputs
    last = [decode(CHANGE, output.value or b"") for output in first.outputs][-10:]
    assert {(one["seq"], one["count"]) for one in last} == {(6, 6)}


def test_events_of_the_bench_are_those_of_the_reference_in_size() -> None:
    values = [value for _, value in events(200, subjects=50, seed=1)]
    assert 320 <= sum(map(len, values)) / len(values) <= 380
    assert merge(None, decode(EVENT, values[0])) is not None


def test_a_run_has_topics_of_its_own_under_the_common_names() -> None:
    bus = Apart("here:1", names={"events": "full-1-events"})
    assert (bus.topic("events"), bus.topic("findings")) == ("full-1-events", "findings")
    assert bus.bare("full-1-events") == "events"


def test_what_every_peer_imports_needs_nothing_of_ours() -> None:
    told = (
        "import sys, bench.merge.peers.meter, bench.merge.peers.simple; "
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in ('databus', 'faust', 'pydantic')))"
    )
    found = subprocess.run([sys.executable, "-c", told], cwd=CHECKOUT, stdout=subprocess.PIPE, check=True)
    assert found.stdout.decode().strip() == "[]"


def test_quix_streams_is_locked_with_hashes() -> None:
    lock = LOCK.read_text("utf-8")
    assert "quixstreams==" in lock
    assert lock.count("--hash=sha256:") >= lock.count("==")
