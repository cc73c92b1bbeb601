"""Limits: told in every answer, counted per caller, and never more than stated."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import APIRouter
from starlette.middleware import Middleware
from starlette.requests import Request

from databus.errors import StoreUnavailable, Unauthenticated
from databus.model.count import Count
from databus.model.disclosure import ANONYMOUS, Caller, Role
from databus.testing.counts import MemoryCounts
from databus.web import limits
from databus.web.application import application
from databus.web.limits import PARTS, Limited, Limits, network
from databus.web.pages import load_pages

BEGIN = datetime(2026, 11, 23, 2, tzinfo=UTC)
QUOTAS = {Role.PUBLIC: 2, Role.AGENCY: 3, Role.OFFICER: 0}
TOKENS = {"north": Caller("agency-north", Role.AGENCY, "agency-north"), "officer": Caller("o", Role.OFFICER)}


class Asked(MemoryCounts):
    """Counts how often it is asked, and answers after a while or not at all."""

    times, away = 0, False

    async def count(self, keys: Sequence[str], *, by: int, now: datetime, window: timedelta) -> tuple[Count, ...]:
        if self.away:
            raise StoreUnavailable("away")
        self.times += 1
        await asyncio.sleep(0)
        return await super().count(keys, by=by, now=now, window=window)


class World:
    """An application with limits and a clock that can be moved."""

    def __init__(self) -> None:
        self.now, self.counts = BEGIN, MemoryCounts()
        self.limits = Limits(QUOTAS, self.counts, lambda: self.now)
        routes = APIRouter()

        @routes.get("/v1/thing")
        async def thing() -> dict[str, str]:
            return {}

        @routes.get("/health/live")
        async def live() -> dict[str, str]:
            return {}

        pages = load_pages()
        within = [Middleware(Limited, limits=self.limits, callers=self.callers, pages=pages)]
        self.app = application([routes], pages=pages, title="t", version="1", summary="s", within=within)

    async def callers(self, request: Request) -> Caller:
        told = request.headers.get("authorization")
        if told is None:
            return ANONYMOUS
        if told not in TOKENS:
            raise Unauthenticated("no token of ours")
        return TOKENS[told]

    async def ask(self, token: str = "", path: str = "/v1/thing", address: str = "192.0.2.1") -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path, headers={"Authorization": token} if token else {})


@pytest.fixture
def world() -> World:
    return World()


async def test_every_answer_tells_where_the_caller_stands(world: World) -> None:
    first, missing = await world.ask(), await world.ask(path="/v1/nothing")
    assert (first.headers["RateLimit-Policy"], first.headers["RateLimit"]) == ('"public";q=2;w=60', '"public";r=1;t=60')
    assert (missing.status_code, missing.headers["RateLimit"]) == (404, '"public";r=0;t=60')


async def test_beyond_the_limit_is_a_problem_that_says_when_to_go_on(world: World) -> None:
    for _ in range(2):
        assert (await world.ask()).status_code == 200
    world.now += timedelta(seconds=15)
    refused = await world.ask()
    assert refused.status_code == 429 and refused.headers["Retry-After"] == "45"
    assert refused.headers["Content-Type"] == "application/problem+json" and refused.json()["type"] == "/problems/too-many-requests"
    assert refused.headers["RateLimit"] == '"public";r=0;t=45' and refused.headers["Databus-Request-Id"]
    assert re.search(r"\b45 seconds", refused.json()["detail"])
    world.now += timedelta(seconds=45)
    assert (await world.ask()).status_code == 200


async def test_callers_do_not_share_and_a_wrong_token_counts_by_address(world: World) -> None:
    await world.ask()
    await world.ask("of nobody")
    assert [(await world.ask(token)).status_code for token in ("", "of nobody", "north")] == [429, 429, 200]
    assert (await world.ask(address="192.0.2.2")).status_code == 200


async def test_what_has_no_quota_and_what_is_no_question_is_not_counted(world: World) -> None:
    for _ in range(5):
        for answer in (await world.ask("officer"), await world.ask(path="/health/live"), await world.ask(path="/static/mark.svg")):
            assert answer.status_code == 200 and "RateLimit" not in answer.headers


async def spent(limits: Limits, times: int, address: str = "a") -> list[int]:
    """What is left after each of so many requests."""
    told = [await limits.count(ANONYMOUS, address) for _ in range(times)]
    return [one.left for one in told if one is not None]


async def test_memory_is_bounded_and_what_is_forgotten_counts_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CALLERS", 3)
    counted = Limits({Role.PUBLIC: 9}, MemoryCounts(), lambda: BEGIN)
    for address in ("a", "b", "c", "a", "d"):
        await spent(counted, 1, address)
    assert len(counted._leases) == 3
    assert [(await spent(counted, 1, address))[0] for address in ("a", "b")] == [6, 7]


async def test_processes_share_one_quota_and_ask_for_it_in_parts() -> None:
    asked = Asked()
    one, other = (Limits({Role.PUBLIC: 500}, asked, lambda: BEGIN) for _ in range(2))
    assert (await spent(one, 250))[-1] == 250 and (await spent(other, 250))[-1] == 0
    assert await spent(one, 1) == await spent(other, 1) == [-1]
    # The first had not known that nothing is left; what is known to be used up is not asked about again.
    assert asked.times == PARTS + 1
    await spent(one, 20)
    assert asked.times == PARTS + 1


async def test_requests_at_once_are_counted_once_each() -> None:
    counted = Limits({Role.PUBLIC: 500}, Asked(), lambda: BEGIN)
    told = await asyncio.gather(*(spent(counted, 1) for _ in range(600)))
    allowed = sum(left >= 0 for (left,) in told)
    assert 500 - 500 // PARTS < allowed <= 500


async def test_without_a_store_each_process_counts_for_itself() -> None:
    asked = Asked()
    asked.away = True
    counted = Limits({Role.PUBLIC: 3}, asked, lambda: BEGIN)
    assert await spent(counted, 5) == [2, 1, 0, -1, -1]


def test_one_ipv6_network_is_one_caller() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff") != network("2001:db8:0:1::1")
    assert network("192.0.2.1") == "192.0.2.1" and network("testclient") == "testclient"
