"""Kept replies, in memory and in PostgreSQL: one request, one turn, one reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from databus.department.http.intake import Replies as Port
from databus.errors import Conflict, Unprocessable
from databus.store.replies import Replies, Reply, Turn
from databus.store.retention import prune
from databus.testing.replies import MemoryReplies
from engines import store_at

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
REPLY = Reply(202, "application/json", b'{"accepted": 1}')


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.live)])
async def replies(request: pytest.FixtureRequest) -> AsyncIterator[Port]:
    if request.param == "memory":
        yield MemoryReplies()
        return
    async with store_at(request.getfixturevalue("engines").fresh_database()) as pool:
        yield Replies(pool)


async def begin(
    replies: Port, key: str = "k", *, mark: bytes = b"m", begun: int = 7, now: datetime = NOW, department: str = "tax"
) -> Turn | Reply:
    return await replies.begin(department, key, fingerprint=mark, begun=begun, now=now)


async def turn(replies: Port, **more: object) -> Turn:
    found = await begin(replies, **more)  # type: ignore[arg-type]
    assert isinstance(found, Turn)
    return found


async def test_the_first_has_the_turn_and_repeats_have_its_answer(replies: Port) -> None:
    mine = await turn(replies)
    with pytest.raises(Conflict):
        await begin(replies)
    await replies.keep("tax", "k", mine, REPLY)
    assert await begin(replies, begun=99) == REPLY
    with pytest.raises(Unprocessable):
        await begin(replies, mark=b"other")
    assert isinstance(await begin(replies, department="court"), Turn)


async def test_a_try_that_came_to_nothing_is_free_at_once_and_one_that_died_after_a_minute(replies: Port) -> None:
    mine = await turn(replies)
    await replies.release("tax", "k", mine)
    again = await turn(replies, begun=8)
    assert again.begun == mine.begun == 7
    with pytest.raises(Conflict):
        await begin(replies)
    third = await turn(replies, now=NOW + timedelta(seconds=61))
    await replies.keep("tax", "k", again, Reply(500, "x", b"late"))
    await replies.keep("tax", "k", third, REPLY)
    assert await begin(replies) == REPLY


async def test_after_a_day_the_key_is_free(replies: Port) -> None:
    await replies.keep("tax", "k", await turn(replies), REPLY)
    late = NOW + timedelta(hours=24)
    assert (await turn(replies, mark=b"other", begun=9, now=late)).begun == 9
    with pytest.raises(Conflict):
        await begin(replies, mark=b"other", now=late)


async def test_of_many_at_once_one_has_the_turn(replies: Port) -> None:
    found = await asyncio.gather(*[begin(replies) for _ in range(8)], return_exceptions=True)
    assert sorted(type(one).__name__ for one in found) == ["Conflict"] * 7 + ["Turn"]


@pytest.mark.parametrize("replies", [pytest.param("postgres", marks=pytest.mark.live)], indirect=True)
async def test_what_has_expired_is_taken_away(replies: Replies) -> None:
    await replies.keep("tax", "k", await turn(replies), REPLY)
    day = int((NOW + timedelta(hours=24)).timestamp() * 1000)
    assert (await prune(replies._pool, now=day - 1)).replies == 0
    assert (await prune(replies._pool, now=day)).replies == 1
