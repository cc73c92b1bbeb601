"""Days are told once, in order, whatever the wall clock does."""

from __future__ import annotations

import pytest

from databus.contract import wire
from databus.contract.catalogue import load
from databus.contract.codec import Codec
from databus.model.clock import Clock, Release, Tick
from databus.profile.announcing import clock_key, due
from databus.settings import CHECKOUT

DAY_MS = 86_400_000
TODAY = 20_000


@pytest.fixture(scope="module")
def codec() -> Codec:
    return load(CHECKOUT / "schemas").codec()


def told(clock: Clock, day: int, codec: Codec) -> tuple[list[int], Clock]:
    """Which days are told at the noon of `day`, and the clock afterwards."""
    outcome = due(clock, 3, day * DAY_MS + DAY_MS // 2, "r", codec)
    if outcome is None:
        return [], clock
    values = [wire.decode_time(codec, output.value or b"") for output in outcome.outputs]
    assert [one for one in values if not isinstance(one, Tick | Release)] == []
    after = outcome.registers[clock_key(3)]
    assert after is not None
    return [one.day for one in values if isinstance(one, Tick)], wire.decode_clock(codec, after)


def test_missed_days_come_in_order_and_none_twice(codec: Codec) -> None:
    days, clock = told(Clock(), TODAY, codec)
    assert days == [TODAY]
    assert told(clock, TODAY, codec)[0] == []
    assert told(clock, TODAY + 3, codec)[0] == [TODAY + 1, TODAY + 2, TODAY + 3]


def test_a_clock_that_goes_back_tells_no_day_again(codec: Codec) -> None:
    _, clock = told(Clock(), TODAY, codec)
    for back in (1, 400):
        days, clock = told(clock, TODAY - back, codec)
        assert days == []
    assert told(clock, TODAY + 1, codec)[0] == [TODAY + 1]
