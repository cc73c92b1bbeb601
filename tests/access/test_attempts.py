"""Attempts to log in: few by client and address, more by address, whichever process sees them, forgotten in time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from databus.access.attempts import LOGINS, TOKENS, WINDOW, Attempts
from databus.errors import TooManyRequests
from databus.testing.counts import MemoryCounts

BEGIN = datetime(2026, 11, 23, 2, tzinfo=UTC)
EACH, ADDRESS = LOGINS.each, LOGINS.address


class World:
    """Two processes that count together, and their clock."""

    def __init__(self) -> None:
        self.now, counts = BEGIN, MemoryCounts()
        self.one, self.other = (Attempts(counts, lambda: self.now) for _ in range(2))
        self.tokens = Attempts(counts, lambda: self.now, TOKENS)


@pytest.fixture
def world() -> World:
    return World()


async def test_each_client_has_few_and_each_address_not_many_more(world: World) -> None:
    for number in range(ADDRESS):
        await (world.one if number % 2 else world.other).begin(f"client-{number // EACH}", "here")
    with pytest.raises(TooManyRequests) as refused:
        await world.one.begin("another", "here")
    assert refused.value.facts["retry_after"] == WINDOW.total_seconds()
    await world.one.begin("client-0", "elsewhere")


async def test_what_one_process_saw_fail_another_does_not_try(world: World) -> None:
    for _ in range(EACH):
        await world.one.begin("c", "here")
    with pytest.raises(TooManyRequests):
        await world.other.begin("c", "here")


async def test_many_at_once_are_many(world: World) -> None:
    done = await asyncio.gather(*(world.one.begin("c", "here") for _ in range(20)), return_exceptions=True)
    assert [isinstance(one, TooManyRequests) for one in done].count(False) == EACH


async def test_success_forgets_and_so_does_time(world: World) -> None:
    for _ in range(EACH):
        await world.one.begin("c", "here")
    await world.other.succeeded("c", "here")
    for _ in range(EACH):
        await world.one.begin("c", "here")
    with pytest.raises(TooManyRequests):
        await world.one.begin("c", "here")
    world.now += WINDOW
    await world.one.begin("c", "here")


async def test_who_comes_and_goes_all_day_does_not_use_up_the_address(world: World) -> None:
    for number in range(2 * ADDRESS):
        await world.one.begin(f"c{number}", "here")
        await world.one.succeeded(f"c{number}", "here")


async def test_wrong_tokens_and_wrong_logins_are_counted_apart(world: World) -> None:
    for _ in range(TOKENS.each):
        await world.tokens.begin("c", "here")
    with pytest.raises(TooManyRequests):
        await world.tokens.begin("c", "here")
    await world.one.begin("c", "here")
