"""Counts that all processes share, in memory and in PostgreSQL: none is lost, and windows end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from databus.ports import Counts
from databus.store.counts import Counts as PostgresCounts

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
WINDOW = timedelta(minutes=1)


async def used(counts: Counts, *keys: str, by: int = 1, now: datetime = NOW) -> list[int]:
    return [one.used for one in await counts.count(keys, by=by, now=now, window=WINDOW)]


async def test_each_key_is_counted_by_itself_and_told_in_the_order_asked(counts: Counts) -> None:
    assert await used(counts, "b", "a") == [1, 1]
    assert await used(counts, "a", by=5) == [6]
    assert await used(counts, "c\x00\ud800", "b") == [1, 2]


async def test_nothing_counted_at_once_is_lost_whatever_the_order_of_keys(counts: Counts) -> None:
    await asyncio.gather(*(used(counts, *(("a", "b") if number % 2 else ("b", "a"))) for number in range(40)))
    assert await used(counts, "a", "b") == [41, 41]


async def test_a_window_ends_when_it_was_to_end_and_the_next_begins_with_nothing(counts: Counts) -> None:
    await used(counts, "a", by=3)
    (later,) = await counts.count(["a"], by=1, now=NOW + WINDOW / 2, window=WINDOW)
    assert (later.used, later.ends_at) == (4, NOW + WINDOW)
    (after,) = await counts.count(["a"], by=1, now=NOW + WINDOW, window=WINDOW)
    assert (after.used, after.ends_at) == (1, NOW + 2 * WINDOW)


async def test_uses_are_given_back_and_forgotten(counts: Counts) -> None:
    await used(counts, "a", "b", by=2)
    await counts.give_back("a", now=NOW)
    await counts.forget("b")
    await counts.give_back("nobody's", now=NOW)
    assert await used(counts, "a", "b") == [2, 1]


@pytest.mark.parametrize("counts", [pytest.param("postgres", marks=pytest.mark.live)], indirect=True)
async def test_windows_that_ended_do_not_stay_and_keys_are_not_readable(counts: PostgresCounts) -> None:
    await used(counts, *(f"login of {number}" for number in range(20)))
    await used(counts, "a", now=NOW + WINDOW)
    rows = await counts.pool.fetch("SELECT key FROM counted")
    assert len(rows) == 1 and len(rows[0]["key"]) == 32
