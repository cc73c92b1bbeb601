"""The department API of findings: whose they are, what is asked, what is answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from databus.contract.calendar import SHANGHAI
from databus.contract.catalogue import Contract
from databus.model.disclosure import ANONYMOUS, Caller, Role
from databus.model.finding import Answer, Finding, FindingStatus, Tracked
from databus.quality import routes
from databus.store.findings import Filter, Place, Story, place
from databus.web.application import application
from databus.web.pages import load_pages
from quality.inbox import Inbox

NOW = datetime(2026, 9, 11, 9, 0, tzinfo=SHANGHAI)
CALLERS = {
    "own": Caller("emergency-client", Role.DEPARTMENT, "emergency"),
    "other": Caller("ecology-client", Role.DEPARTMENT, "ecology"),
    "steward": Caller("s", Role.STEWARD),
    "officer": Caller("o", Role.OFFICER),
    "agency": Caller("a", Role.AGENCY, "agency-north"),
}
PATH = "/v1/departments/emergency/findings"


@dataclass
class Kept:
    """Findings in memory, and what was asked and told."""

    found: list[Tracked]
    asked: list[Filter] = field(default_factory=list)
    told: list[Answer] = field(default_factory=list)

    async def page(self, department: str, asked: Filter, *, after: Place | None, limit: int) -> tuple[Tracked, ...]:
        self.asked.append(asked)
        behind = [one for one in self.found if after is None or (-one.finding.issued_at, one.finding.finding_id) > (-after[0], after[1])]
        return tuple(behind[:limit])

    async def story(self, department: str, finding_id: str) -> Story | None:
        one = next((one for one in self.found if one.finding.finding_id == finding_id), None)
        return None if one is None else Story(one, (), tuple(other for other in self.found if other is not one))

    async def tell(self, answer: Answer) -> None:
        self.told.append(answer)


@pytest.fixture
def kept(inbox: Inbox) -> Kept:
    finding: Finding = inbox.send("ADMIN_PENALTY", {"doc_no": None}).findings[0]
    found = [replace(finding, finding_id=f"f{number}", issued_at=finding.issued_at - number) for number in range(5)]
    return Kept([Tracked(one, date(2026, 9, 17), None) for one in found])


@pytest.fixture
def client(kept: Kept, contract: Contract) -> TestClient:
    async def callers(request: Request) -> Caller:
        await asyncio.sleep(0)
        return CALLERS.get(request.headers.get("x-caller", ""), ANONYMOUS)

    ports = routes.Ports(
        page=kept.page, story=kept.story, tell=kept.tell, callers=callers, contract=contract, clock=lambda: NOW, key=b"k" * 32
    )
    return TestClient(application([routes.router(ports)], pages=load_pages(), title="t", version="1", summary="s"))


def get(client: TestClient, path: str = PATH, who: str = "own", **query: Any) -> Any:
    return client.get(path, headers={"x-caller": who}, params=query)


def test_a_finding_says_what_is_wrong_what_would_pass_and_until_when(client: TestClient) -> None:
    answer = get(client)
    assert answer.headers["cache-control"] == "private, no-store"
    one = answer.json()["findings"][0]
    assert (one["rule"], one["verdict"], one["status"], one["due_on"]) == ("DQ-COM-01", "R", "ISSUED", "2026-09-17")
    assert (
        one["message"]["zh"]
        and one["message"]["en"]
        and one["remedy"] == {"zh": "补全该项后重新报送", "en": "fill the field in and send it again"}
    )
    assert one["issued_at"] == "2026-09-10T08:26:40+08:00"


def test_pages_go_on_behind_their_cursor_and_nowhere_else(client: TestClient) -> None:
    first = get(client, limit=2).json()
    second = get(client, limit=2, cursor=first["next"]).json()
    third = get(client, limit=2, cursor=second["next"]).json()
    assert [one["finding_id"] for page in (first, second, third) for one in page["findings"]] == ["f0", "f1", "f2", "f3", "f4"]
    assert third["next"] is None
    assert get(client, who="steward", cursor=first["next"]).status_code == 400
    assert get(client, rule="DQ-ACC-01", cursor=first["next"]).status_code == 400
    assert get(client, cursor="x" * 50).status_code == 400


def test_what_is_asked_reaches_the_store(client: TestClient, kept: Kept) -> None:
    get(client, status=["ISSUED", "ACK"], verdict="H", rule="DQ-COM-02", since="2026-09-10", until="2026-09-10")
    day = int(datetime(2026, 9, 10, tzinfo=SHANGHAI).timestamp() * 1000)
    assert kept.asked[-1] == Filter(states=["ISSUED", "ACK"], verdicts=["H"], rule="DQ-COM-02", since=day, until=day + 86_400_000)


@pytest.mark.parametrize("query", [{"status": "GONE"}, {"verdict": "X"}, {"since": "yesterday"}, {"limit": "0"}, {"limit": "1001"}])
def test_what_cannot_be_asked_is_refused(client: TestClient, query: dict[str, str]) -> None:
    assert get(client, **query).status_code == 400


@pytest.mark.parametrize(
    ("who", "reads", "answers"),
    [("own", 200, 202), ("steward", 200, 202), ("officer", 200, 403), ("other", 403, 403), ("agency", 403, 403), ("", 401, 401)],
)
def test_findings_are_their_departments_business(client: TestClient, kept: Kept, who: str, reads: int, answers: int) -> None:
    assert {get(client, path, who).status_code for path in (PATH, f"{PATH}/f0")} == {reads}
    told = client.post(f"{PATH}/f0/answers", headers={"x-caller": who}, json={"status": "ACK"})
    assert (told.status_code, bool(kept.told)) == (answers, answers == 202)


def test_an_unknown_department_or_finding_is_not_found(client: TestClient) -> None:
    assert get(client, "/v1/departments/nobody/findings", "steward").status_code == 404
    assert get(client, f"{PATH}/f9").status_code == 404


def test_an_answer_is_durable_before_it_is_confirmed(client: TestClient, kept: Kept) -> None:
    told = client.post(f"{PATH}/f1/answers", headers={"x-caller": "own"}, json={"status": "REJECTED", "reason": "原件如此"})
    assert (told.status_code, told.json()["status"], told.json()["by"]) == (202, "REJECTED", "emergency-client")
    (one,) = kept.told
    assert (one.finding_id, one.status, one.reason, one.at) == ("f1", FindingStatus.REJECTED, "原件如此", int(NOW.timestamp() * 1000))


@pytest.mark.parametrize("body", [{"status": "FIXED"}, {"status": "REJECTED"}, {}, {"status": "ACK", "more": 1}, {"status": 1}, []])
def test_what_is_no_answer_is_refused(client: TestClient, kept: Kept, body: Any) -> None:
    assert client.post(f"{PATH}/f0/answers", headers={"x-caller": "own"}, json=body).status_code == 400
    assert not kept.told


def test_what_the_finding_cannot_become_is_a_conflict(client: TestClient, kept: Kept) -> None:
    one = kept.found[0]
    kept.found[0] = replace(one, answer=Answer("f0", "emergency", FindingStatus.FIXED, by="x", at=1, event_id="e", submission_id="s"))
    assert client.post(f"{PATH}/f0/answers", headers={"x-caller": "own"}, json={"status": "ACK"}).status_code == 409
    assert get(client, f"{PATH}/f0").json()["answer"]["fixed_by"] == {"event_id": "e", "submission_id": "s"}
    assert [one["finding_id"] for one in get(client, f"{PATH}/f0").json()["beside"]] == ["f1", "f2", "f3", "f4"]
    assert place(one) == (one.finding.issued_at, "f0")
