"""Restarts are bounded, silence is limited, and engines that were away excuse both."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from databus.local import watch


@given(st.lists(st.floats(0, 1000), max_size=12), st.floats(0, 1000))
def test_never_more_than_five_restarts_in_any_minute(moments: list[float], later: float) -> None:
    done: list[float] = []
    for now in sorted([*moments, later]):
        if watch.may_restart(done, now):
            done.append(now)
    assert all(sum(start <= other < start + watch.WITHIN_SECONDS for other in done) <= watch.MOST_RESTARTS for start in done)


def test_an_old_restart_is_forgotten() -> None:
    assert not watch.may_restart([1.0] * 5, 2.0)
    assert watch.may_restart([1.0] * 5, 62.0)


def test_who_waits_for_another_part_is_started_ever_less_often() -> None:
    assert [watch.pause([1.0] * times, 2.0, code=watch.AWAY) for times in (0, 1, 9)] == [0.2, 0.4, 10.0]
    assert watch.pause([1.0] * 9, 2.0, code=1) == 2.0


def test_a_silent_process_is_killed_after_thirty_seconds_of_running_engines() -> None:
    assert not watch.must_kill(None, answered=100.0, since=0.0, now=129.0)
    assert watch.must_kill(None, answered=100.0, since=0.0, now=130.0)
    assert not watch.must_kill(None, answered=0.0, since=120.0, now=130.0)


def test_one_that_is_still_starting_may_be_silent_for_longer() -> None:
    assert not watch.must_kill(None, answered=0.0, since=0.0, now=89.0, silence=90.0)
    assert watch.must_kill(None, answered=0.0, since=0.0, now=90.0, silence=90.0)


def test_a_worker_that_calls_itself_dead_gets_ten_seconds_after_its_engines_came_back() -> None:
    assert not watch.must_kill(False, answered=100.0, since=95.0, now=100.0)
    assert watch.must_kill(False, answered=100.0, since=0.0, now=100.0)


def test_a_healthy_one_is_never_killed() -> None:
    assert not watch.must_kill(True, answered=0.0, since=0.0, now=10_000.0)
