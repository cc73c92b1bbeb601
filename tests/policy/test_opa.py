"""Whatever OPA does but answer, nobody reads it as a yes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from databus.errors import BadSettings, PolicyUnavailable
from databus.local.aside import free_ports
from databus.model.disclosure import Action
from databus.policy.opa import OpaDecider
from disclosure.matrix import cases

QUESTION = cases()[0].question
ID = str(QUESTION.classes[0].class_id)
VERDICT = {"visible": True, "reasons": ["OK_PUBLIC"], "fields": {"f": {"action": "KEEP", "mask": "", "reason": ""}}, "obligations": []}
PROVENANCE = {"bundles": {"databus": {"revision": "r7"}}}


@asynccontextmanager
async def server(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[OpaDecider]:
    app = web.Application()
    app.router.add_post("/v1/data/databus/release/decisions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    (port,) = free_ports(1)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with OpaDecider(f"http://127.0.0.1:{port}", "secret", 0.3) as decider:
            yield decider
    finally:
        await runner.cleanup()


def says(content: Any, status: int = 200) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(
            body=content if isinstance(content, bytes) else json.dumps(content).encode(), status=status, content_type="application/json"
        )

    return answer


async def test_a_whole_answer_is_read() -> None:
    async with server(says({"result": {ID: VERDICT}, "provenance": PROVENANCE})) as decider:
        revision, plans = await decider.decide(QUESTION)
    assert revision == "r7"
    assert plans[int(ID)].fields["f"].action is Action.KEEP


async def test_it_shows_its_token_and_asks_for_provenance() -> None:
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        return web.json_response({"result": {ID: VERDICT}, "provenance": PROVENANCE})

    async with server(answer) as decider:
        await decider.decide(QUESTION)
    assert seen[0].headers["Authorization"] == "Bearer secret"
    assert seen[0].query["provenance"] == "true"


def broken(**changes: Any) -> dict[str, Any]:
    return {"result": {ID: {**VERDICT, **changes}}, "provenance": PROVENANCE}


RULE = {"action": "KEEP", "mask": "", "reason": ""}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"provenance": PROVENANCE}, id="undefined"),
        pytest.param({"result": {}, "provenance": PROVENANCE}, id="a class is missing"),
        pytest.param({"result": {ID: VERDICT, "1": VERDICT}, "provenance": PROVENANCE}, id="a class too many"),
        pytest.param({"result": True, "provenance": PROVENANCE}, id="a bare yes"),
        pytest.param({"result": {ID: True}, "provenance": PROVENANCE}, id="a yes per class"),
        pytest.param({"result": {ID: VERDICT}}, id="no provenance"),
        pytest.param({"result": {ID: VERDICT}, "provenance": {"bundles": {}}}, id="no bundle"),
        pytest.param({"result": {ID: VERDICT}, "provenance": {"bundles": {"databus": {}}}}, id="no revision"),
        pytest.param(broken(visible="yes"), id="visible is text"),
        pytest.param(broken(reasons="OK_PUBLIC"), id="reasons are text"),
        pytest.param(broken(extra=1), id="something new"),
        pytest.param(broken(fields=["f"]), id="fields are a list"),
        pytest.param(broken(fields={"f": {**RULE, "action": "SHOW"}}), id="unknown action"),
        pytest.param(broken(fields={"f": {**RULE, "action": "MASK", "mask": "blur"}}), id="unknown mask"),
        pytest.param(broken(fields={"f": {**RULE, "action": "DROP"}}), id="withheld without reason"),
        pytest.param(broken(fields={"f": None}), id="no rule"),
        pytest.param(broken(visible=False), id="fields of what is not visible"),
        pytest.param([], id="a list"),
        pytest.param(b"garbage", id="garbage"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_anything_else_is_no_answer(content: Any) -> None:
    async with server(says(content)) as decider:
        with pytest.raises(PolicyUnavailable):
            await decider.decide(QUESTION)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_an_error_is_no_answer(status: int) -> None:
    async with server(says({"result": {ID: VERDICT}, "provenance": PROVENANCE}, status)) as decider:
        with pytest.raises(PolicyUnavailable):
            await decider.decide(QUESTION)


async def test_slowness_is_no_answer() -> None:
    async def slow(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1)
        return web.json_response({"result": {ID: VERDICT}, "provenance": PROVENANCE})

    async with server(slow) as decider:
        with pytest.raises(PolicyUnavailable):
            await decider.decide(QUESTION)


async def test_nobody_there() -> None:
    (port,) = free_ports(1)
    async with OpaDecider(f"http://127.0.0.1:{port}", "secret", 0.5) as decider:
        with pytest.raises(PolicyUnavailable):
            await decider.decide(QUESTION)
        assert not await decider.ready()


async def test_before_it_is_open() -> None:
    with pytest.raises(PolicyUnavailable):
        await OpaDecider("http://127.0.0.1:1", "secret").decide(QUESTION)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8181", "http://", "http://host/v1", "ftp://host"])
def test_an_address_must_be_one(url: str) -> None:
    with pytest.raises(BadSettings):
        OpaDecider(url, "secret")
