"""Bodies that are too long, too slow, compressed or of another kind."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from databus.errors import Malformed, TooLarge, TooSlow, UnsupportedMedia
from databus.web.bodies import body_of, media_type
from department.http.world import EVENTS, World, batch


def request(*parts: bytes, ends: bool = True, **headers: str) -> tuple[Request, list[int]]:
    """A request whose body comes in these parts; how many of them were taken."""
    taken, left = [0], list(parts)

    async def receive() -> dict[str, Any]:
        if left:
            taken[0] += 1
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or not ends}
        if not ends:
            await _never()
        return {"type": "http.disconnect"}

    raw = [(name.replace("_", "-").encode(), told.encode()) for name, told in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw}, receive), taken


async def _never() -> None:
    import asyncio

    await asyncio.Event().wait()


async def test_a_body_is_read_up_to_its_limit_and_no_further() -> None:
    whole, _ = request(b"a" * 10, b"b" * 10)
    assert await body_of(whole, limit=20) == b"a" * 10 + b"b" * 10
    endless, taken = request(*[b"x" * 10] * 1000)
    with pytest.raises(TooLarge) as refused:
        await body_of(endless, limit=25)
    assert taken[0] == 3 and refused.value.facts == {"limit": 25}


async def test_a_length_that_is_too_large_or_none_is_refused_before_the_body() -> None:
    for told, kind in (("26", TooLarge), ("9" * 30, TooLarge), ("-1", Malformed), ("1e3", Malformed), ("٣", Malformed)):
        asked, taken = request(b"x", content_length=told) if told.isascii() else request(b"x", content_length="x")
        with pytest.raises(kind):
            await body_of(asked, limit=25)
        assert taken[0] == 0


async def test_a_body_that_never_ends_is_not_waited_for() -> None:
    slow, _ = request(b"x", ends=False)
    with pytest.raises(TooSlow):
        await body_of(slow, limit=25, seconds=0.05)


async def test_a_connection_that_ends_early_is_no_body() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(Malformed):
        await body_of(Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive), limit=25)


@pytest.mark.parametrize(
    "told", ["", "text/json", "application/json, text/plain", "application/xml", "x" * 300, "application/json; charset=gb18030"]
)
def test_another_kind_names_those_that_are_read(told: str) -> None:
    asked, _ = request(content_type=told)
    with pytest.raises(UnsupportedMedia) as refused:
        media_type(asked, ("application/json",))
    assert "application/json" in str(refused.value.facts["accepted"])


@pytest.mark.parametrize("told", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'])
def test_the_kind_is_told_without_its_parameters(told: str) -> None:
    assert media_type(request(content_type=told)[0], ("application/json",)) == "application/json"


def test_a_bomb_is_not_opened(client: TestClient, world: World) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    answer = client.post(EVENTS, content=bomb, headers={"content-type": "application/json", "content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media")
    assert not world.inbox.taken


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"[" * 100_000, 400),
        (b'{"record_type": "ADMIN_PENALTY", "record_type": "X", "events": []}', 400),
        (b'{"events": [{"payload": {"fine_yuan": NaN}}]}', 400),
        (b'{"events": []}', 400),
        (b'{"events": {}}', 400),
        (b'{"events": [{}], "extra": 1}', 400),
        (b'{"events": [{}], "envelope": 7}', 400),
        (b"null", 400),
        (b'"text"', 400),
        (b'{"events": [' + b"{}," * 1000 + b"{}]}", 413),
        (b" " * (4 * 1024 * 1024 + 1), 413),
    ],
)
def test_a_hostile_body_is_a_typed_problem(client: TestClient, world: World, content: bytes, status: int) -> None:
    answer = client.post(EVENTS, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == answer.json()["status"] == status, answer.text
    assert not world.inbox.taken


async def test_a_body_without_an_end_is_refused_while_it_comes(world: World) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b" " * 65_536

    transport = httpx.ASGITransport(app=world.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t", headers={"authorization": "Bearer emergency"}) as client:
        answer = await client.post(EVENTS, content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_who_may_not_publish_is_refused_before_the_body_is_read(world: World) -> None:
    with TestClient(world.app) as client:
        answer = client.post(EVENTS, content=b"[" * 9_000_000, headers={"authorization": "Bearer transport"})
    assert answer.status_code == 403


def test_a_text_that_would_be_a_header_stays_a_text(client: TestClient, world: World) -> None:
    told = {"catalog_code": "x\r\nevil: 1"}
    answer = client.post(EVENTS, json=batch({"payload": {}, "envelope": told}), headers={"databus-request-id": "a b"})
    assert answer.status_code == 422 and "evil" not in answer.headers and answer.headers["databus-request-id"] != "a b"
