"""Counts that all processes share, in memory and in PostgreSQL: none is lost, and windows end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from databus.contract import catalogue
from databus.settings import CHECKOUT
from databus.store import database
from databus.store.counts import Counts
from databus.testing.counts import MemoryCounts

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
WINDOW = timedelta(minutes=1)
Port = Counts | MemoryCounts


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.live)])
async def counted(request: pytest.FixtureRequest) -> AsyncIterator[Port]:
    if request.param == "memory":
        yield MemoryCounts()
        return
    dsn = request.getfixturevalue("engines").fresh_database().get_secret_value()
    await database.migrate(dsn, catalogue.load(CHECKOUT / "schemas"))
    pool = await database.connect(dsn, size=4)
    yield Counts(pool)
    await pool.close()


async def used(counted: Port, *keys: str, by: int = 1, now: datetime = NOW) -> list[int]:
    return [one.used for one in await counted.count(keys, by=by, now=now, window=WINDOW)]


async def test_each_key_is_counted_by_itself_and_told_in_the_order_asked(counted: Port) -> None:
    assert await used(counted, "b", "a") == [1, 1]
    assert await used(counted, "a", by=5) == [6]
    assert await used(counted, "c\x00\ud800", "b") == [1, 2]


async def test_nothing_counted_at_once_is_lost_whatever_the_order_of_keys(counted: Port) -> None:
    await asyncio.gather(*(used(counted, *(("a", "b") if number % 2 else ("b", "a"))) for number in range(40)))
    assert await used(counted, "a", "b") == [41, 41]


async def test_a_window_ends_when_it_was_to_end_and_the_next_begins_with_nothing(counted: Port) -> None:
    await used(counted, "a", by=3)
    (later,) = await counted.count(["a"], by=1, now=NOW + WINDOW / 2, window=WINDOW)
    assert (later.used, later.ends_at) == (4, NOW + WINDOW)
    (after,) = await counted.count(["a"], by=1, now=NOW + WINDOW, window=WINDOW)
    assert (after.used, after.ends_at) == (1, NOW + 2 * WINDOW)


async def test_uses_are_given_back_and_forgotten(counted: Port) -> None:
    await used(counted, "a", "b", by=2)
    await counted.give_back("a", now=NOW)
    await counted.forget("b")
    await counted.give_back("nobody's", now=NOW)
    assert await used(counted, "a", "b") == [2, 1]


@pytest.mark.parametrize("counted", [pytest.param("postgres", marks=pytest.mark.live)], indirect=True)
async def test_windows_that_ended_do_not_stay_and_keys_are_not_readable(counted: Counts) -> None:
    await used(counted, *(f"login of {number}" for number in range(20)))
    await used(counted, "a", now=NOW + WINDOW)
    rows = await counted.pool.fetch("SELECT key FROM counted")
    assert len(rows) == 1 and len(rows[0]["key"]) == 32
