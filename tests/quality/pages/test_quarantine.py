"""The quarantine browser: what was kept out, page by page, and of each as much as policy lets its reader see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from databus.model.chunk import Record
from quality.inbox import RECEIVED, Inbox
from quality.pages.world import HOME, World, enter

LIST, ONE = f"{HOME}/quarantine", f"{HOME}/quarantine/f00"


@pytest.fixture
def sealed(world: World, inbox: Inbox) -> World:
    (original,) = inbox.send("ADMIN_PENALTY", {"doc_no": None, "remark": "内部备注"}).sealed
    world.sealed[world.found[0].finding.event_id.encode()] = Record("quarantine.emergency", 0, 1, RECEIVED, b"", original)
    return world


def opened(world: World, who: str) -> TestClient:
    client = world.client()
    enter(client, who)
    return client


def test_what_is_kept_out_is_listed_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("databus.quality.pages.quarantine.ROWS", 3)
    client = opened(world, "emergency")
    first = client.get(LIST).text
    assert "DQ-COM-01" in first and [f"/quarantine/f0{number}" in first for number in range(5)] == [True, True, True, False, False]
    onward = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "/quarantine/f04" in client.get(onward).text
    assert opened(world, "steward").get(onward).status_code == 400, "a cursor is its reader's"
    world.now += timedelta(days=40)
    assert "Nothing of this department" in opened(world, "emergency").get(LIST).text


def test_the_department_sees_what_it_sent_as_policy_lets_it(sealed: World, inbox: Inbox) -> None:
    page = opened(sealed, "emergency").get(ONE).text
    sent = inbox.example("ADMIN_PENALTY")["payload"]
    assert str(sent["content"]) in page and "内部备注" not in page
    assert "legal person or other organisation" in page and "LEGAL_PERSON" not in page, "codes stand by their names"
    assert "in.emergency/1/7" in page and "a required field is empty" in page and "recorded" in page


@pytest.mark.parametrize("who", ["steward", "officer"])
def test_others_see_that_it_is_there_and_why_they_see_no_more(sealed: World, inbox: Inbox, who: str) -> None:
    page = opened(sealed, who).get(ONE).text
    assert "in.emergency/1/7" in page and "Policy lets you see nothing" in page
    assert str(inbox.example("ADMIN_PENALTY")["payload"]["content"]) not in page


def test_what_is_gone_is_said_and_what_is_not_theirs_is_refused(world: World) -> None:
    client = opened(world, "emergency")
    assert "no longer in quarantine" in client.get(ONE).text
    assert client.get(f"{HOME}/quarantine/f99").status_code == 404
    other = opened(world, "ecology")
    assert {other.get(path).status_code for path in (LIST, ONE)} == {403}


def test_a_steward_does_not_correct_for_a_department(sealed: World) -> None:
    steward = opened(sealed, "steward")
    assert steward.get(f"{HOME}/findings/f00/mend").status_code == 403
    assert "/f00/mend" not in steward.get(f"{HOME}/findings/f00").text
