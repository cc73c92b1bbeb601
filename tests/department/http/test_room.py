"""Requests held at once: bounded per department and in all, and given back whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from databus.department.http.room import Room
from databus.errors import TooManyRequests
from department.http.world import EVENTS, World, batch


def test_a_department_has_its_share_and_all_have_an_end() -> None:
    room = Room(each=2, all=3)
    with room.of("tax"), room.of("tax"):
        with pytest.raises(TooManyRequests), room.of("tax"):
            pass
        with room.of("court"), pytest.raises(TooManyRequests), room.of("transport"):
            pass
    with pytest.raises(ValueError), room.of("tax"):
        raise ValueError
    assert not room.taken


async def test_slow_bodies_of_one_department_keep_no_other_request_in_memory(world: World) -> None:
    go = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await go.wait()
        yield b"}"

    headers = {"authorization": "Bearer emergency", "content-type": "application/json"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=world.app), base_url="http://t", headers=headers) as client:
        waiting = [asyncio.create_task(client.post(EVENTS, content=slow())) for _ in range(8)]
        for _ in range(100):
            await asyncio.sleep(0)
        refused = await client.post(EVENTS, json=batch())
        assert (refused.status_code, refused.headers["retry-after"], refused.json()["type"]) == (429, "1", "/problems/too-many-requests")
        go.set()
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {400}
        assert (await client.post(EVENTS, json=batch())).status_code == 202
