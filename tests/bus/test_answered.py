"""A connection that a library closes is a broker that has gone away, never an end that somebody asked for."""

from __future__ import annotations

import asyncio

import pytest

from databus.bus.answered import answered
from databus.errors import BusUnavailable


async def asked(waited: asyncio.Future[None]) -> None:
    with answered():
        await waited


async def test_a_future_that_is_cancelled_under_us_is_an_answer_that_never_came() -> None:
    waited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asking = asyncio.create_task(asked(waited))
    await asyncio.sleep(0)
    waited.cancel()
    with pytest.raises(BusUnavailable):
        await asking


async def test_a_task_that_is_cancelled_stays_cancelled() -> None:
    asking = asyncio.create_task(asked(asyncio.get_running_loop().create_future()))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert asking.cancelled()


async def test_a_time_out_stays_one() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asked(asyncio.get_running_loop().create_future())
