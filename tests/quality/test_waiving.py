"""The waiver by HTTP: for stewards, with a reason, and nothing leaves that is not recorded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from databus.contract.catalogue import Contract
from databus.model.chunk import Record
from databus.model.disclosure import ANONYMOUS, Caller, Role
from databus.model.finding import Verdict
from databus.quality import waiving
from databus.web.application import application
from databus.web.pages import load_pages
from quality.inbox import RECEIVED, Inbox
from quality.pages.world import World, findings

PATH = "/v1/departments/emergency/findings/f00/waivers"
CALLERS = {"steward": Caller("s", Role.STEWARD), "own": Caller("emergency", Role.DEPARTMENT, "emergency")}


@pytest.fixture
def world(contract: Contract, inbox: Inbox) -> World:
    made = World(contract, [replace(one, finding=replace(one.finding, verdict=Verdict.HOLD)) for one in findings(inbox)])
    (sealed,) = inbox.send("ADMIN_PENALTY", {"doc_no": None}).sealed
    made.sealed[made.found[0].finding.event_id.encode()] = Record("quarantine.emergency", 0, 1, RECEIVED, b"", sealed)
    return made


@pytest.fixture
def client(world: World) -> TestClient:
    async def callers(request: Request) -> Caller:
        return CALLERS.get(request.headers.get("x-caller", ""), ANONYMOUS)

    return TestClient(application([waiving.router(world.waiving(), callers)], pages=load_pages(), title="t", version="1", summary="s"))


def test_a_steward_lets_pass(client: TestClient, world: World) -> None:
    answer = client.post(PATH, headers={"x-caller": "steward", "Databus-Request-Id": "r-1"}, json={"reason": "经核对原件无误"})
    assert answer.status_code == 202 and answer.json()["by"] == "s" and ["DQ-COM-01", "doc_no"] in answer.json()["waived"]
    (decision,) = world.trail or []
    assert decision.request_id == "r-1" and decision.outcome == "ALLOW" and len(world.published) == 1


@pytest.mark.parametrize(
    ("who", "path", "body", "status"),
    [
        ("own", PATH, {"reason": "经核对原件无误"}, 403),
        ("", PATH, {"reason": "经核对原件无误"}, 401),
        ("steward", PATH.replace("f00", "f99"), {"reason": "经核对原件无误"}, 404),
        ("steward", PATH, {}, 400),
        ("steward", PATH, {"reason": "x"}, 400),
    ],
)
def test_nobody_else_and_not_without_a_reason(
    client: TestClient, world: World, who: str, path: str, body: dict[str, str], status: int
) -> None:
    assert client.post(path, headers={"x-caller": who}, json=body).status_code == status
    assert not world.trail and not world.published
