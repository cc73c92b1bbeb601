"""Findings at the desk: by cause, one by one, answered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from databus.model.finding import Answer, FindingStatus
from quality.pages.world import HOME, World, csrf, enter

ONE = f"{HOME}/findings/f00"


@pytest.fixture(autouse=True)
def inside(client: TestClient) -> None:
    enter(client)


def test_findings_stand_by_their_cause_with_counts_and_trend(client: TestClient) -> None:
    page = client.get(HOME)
    assert page.headers["cache-control"] == "private, no-store"
    for told in ("DQ-COM-01", "number of the decision document", "a required field is empty", "Trend: rising", "2026-09-17", "<dd>5</dd>"):
        assert told.lower() in page.text.lower(), told
    assert "DQ-TIM-01" not in page.text, "nothing of it waits"
    assert "DQ-TIM-01" in client.get(HOME, params={"state": "all"}).text
    assert "No findings fit this" in client.get(HOME, params={"verdict": "H"}).text
    chinese = client.get(HOME, params={"lang": "zh"}).text
    assert "必填项为空或为占位值" in chinese and "应急管理厅" in chinese


@pytest.mark.parametrize("query", [{"days": "x"}, {"days": "9" * 99}, {"type": "<b>"}, {"verdict": "\x00"}, {"state": "none"}])
def test_what_cannot_be_asked_is_left_out(client: TestClient, query: dict[str, str]) -> None:
    assert client.get(HOME, params=query).status_code == 200


def test_a_cause_lists_its_findings_page_by_page(client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("databus.quality.pages.causes.ROWS", 3)
    asked = {"rule": "DQ-COM-01", "type": "ADMIN_PENALTY", "field": "doc_no", "verdict": "R"}
    first = client.get(f"{HOME}/findings", params=asked)
    assert "双公示数据标准" in first.text and "fill the field in and send it again" in first.text
    assert [f"/findings/f0{number}" in first.text for number in range(5)] == [True, True, True, False, False]
    onward = first.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "/findings/f04" in client.get(onward).text
    last = world.asked[-1]
    assert (last.rule, last.record_type, last.field, last.verdicts) == ("DQ-COM-01", "ADMIN_PENALTY", "doc_no", ["R"])
    assert set(last.states or ()) == {"ISSUED", "ACK", "OVERDUE"}
    assert client.get(onward.replace("DQ-COM-01", "DQ-ACC-01")).status_code == 400


def test_one_finding_says_where_what_why_and_what_would_pass(client: TestClient) -> None:
    page = client.get(ONE).text
    for told in ("<dd>2</dd>", "DQ-COM-01", "双公示数据标准", "doc_no", "fill the field in", "2026-09-17", "Also found in this submission"):
        assert told in page, told
    assert client.get(f"{HOME}/findings/f99").status_code == 404


def test_a_value_is_text_and_never_markup(client: TestClient, world: World) -> None:
    evil = "<script>alert(1)</script>"
    world.found[0] = replace(world.found[0], finding=replace(world.found[0].finding, observed=evil, suggestion=evil, field=evil))
    for path in (ONE, f"{HOME}/findings", HOME):
        assert evil not in client.get(path).text


def test_an_answer_is_kept_and_shown(client: TestClient, world: World) -> None:
    token = csrf(client.get(ONE).text)
    told = client.post(f"{ONE}/answers", data={"status": "ACK", "csrf": token})
    assert (told.status_code, told.headers["location"]) == (303, ONE)
    page = client.get(ONE).text
    assert "acknowledged" in page and "emergency" in page and 'value="ACK"' not in page
    client.post(f"{ONE}/answers", data={"status": "REJECTED", "reason": "原件\r\n如此", "csrf": token})
    assert [(one.status, one.by, one.reason) for one in world.told] == [
        (FindingStatus.ACK, "emergency", ""),
        (FindingStatus.REJECTED, "emergency", "原件 如此"),
    ]
    assert "原件 如此" in client.get(ONE).text


def test_an_answer_that_has_not_come_back_is_said_to_be_kept(client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(answer: Answer) -> None:
        world.told.append(answer)

    monkeypatch.setattr(world, "tell", slow)
    monkeypatch.setattr("databus.quality.pages.finding.LOOKS", 1)
    client = world.client()
    enter(client)
    told = client.post(f"{ONE}/answers", data={"status": "ACK", "csrf": csrf(client.get(ONE).text)})
    assert told.headers["location"] == f"{ONE}?told=later" and "will show here" in client.get(f"{ONE}?told=later").text


def test_what_is_no_answer_is_said_on_the_page(client: TestClient, world: World) -> None:
    token = csrf(client.get(ONE).text)
    short = client.post(f"{ONE}/answers", data={"status": "REJECTED", "reason": "no", "csrf": token})
    assert short.status_code == 400 and "An objection needs a reason" in short.text and ">no</textarea>" in short.text
    world.found[0] = replace(world.found[0], answer=Answer("f00", "emergency", FindingStatus.FIXED, by="x", at=1))
    late = client.post(f"{ONE}/answers", data={"status": "ACK", "csrf": token})
    assert late.status_code == 409 and "moved on" in late.text and not world.told
