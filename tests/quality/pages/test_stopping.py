"""The stop button and the steward's waiver at the desk: looked at first, told what was left, recorded before anything is published."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from databus.model.chunk import Record
from databus.model.finding import Verdict
from databus.quality import waivers
from quality.inbox import RECEIVED, Inbox
from quality.pages.world import HOME, WAIVER_KEY, World, csrf, enter

STOP, ONE = f"{HOME}/retract", f"{HOME}/findings/f00"
RECEIPT = json.dumps({"receipt": "signed", "submissions": []})


def pressed(client: TestClient, document: str, step: str = "preview") -> tuple[int, str]:
    answer = client.post(STOP, data={"csrf": csrf(client.get(STOP).text), "document": document, "step": step})
    return answer.status_code, answer.text


def test_a_batch_is_looked_at_and_then_taken_back(client: TestClient, world: World) -> None:
    enter(client)
    status, page = pressed(client, RECEIPT)
    assert (
        status == 200 and "has changed" in page and "s2" in page and 'value="retract"' in page and world.retracted == [("emergency", True)]
    )
    status, page = pressed(client, RECEIPT, "retract")
    assert status == 200 and "its own" in page and 'value="retract"' not in page and world.retracted[-1] == ("emergency", False)


@pytest.mark.parametrize(("document", "status"), [("", 400), ("[]", 400), ("{" * 5000, 400), ('{"x": 1}', 422)])
def test_what_is_no_receipt_is_said(client: TestClient, world: World, document: str, status: int) -> None:
    enter(client)
    answer = pressed(client, document)
    assert answer[0] == status and 'role="alert"' in answer[1] and not world.retracted


def test_the_button_is_for_those_who_answer(world: World) -> None:
    officer = world.client()
    enter(officer, "officer")
    assert officer.get(STOP).status_code == 403 and "/retract" not in officer.get(HOME).text


@pytest.fixture
def held(world: World, inbox: Inbox) -> World:
    """The findings hold a submission that lies sealed in quarantine."""
    (sealed,) = inbox.send("ADMIN_PENALTY", {"doc_no": None}).sealed
    held = [replace(one, finding=replace(one.finding, verdict=Verdict.HOLD)) for one in world.found]
    world.found = held
    world.sealed[held[0].finding.event_id.encode()] = Record("quarantine.emergency", 0, 1, RECEIVED, b"", sealed)
    return world


def waived(world: World, who: str = "steward", reason: str = "经核对原件无误") -> int:
    client = world.client()
    enter(client, who)
    answer = client.post(f"{ONE}/waivers", data={"csrf": csrf(client.get(HOME).text), "reason": reason})
    return answer.status_code


def test_a_waiver_is_recorded_signed_and_published_for_these_very_bytes(held: World) -> None:
    steward = held.client()
    enter(steward, "steward")
    assert f'action="{ONE}/waivers"' in steward.get(ONE).text
    assert waived(held) == 303
    (decision,), ((department, entry),) = held.trail or [], held.published
    assert (decision.caller, decision.action, decision.reasons) == ("steward", "findings.waive", ("OK_STEWARD",))
    headers = dict(entry.headers)
    waiver = waivers.read(headers["databus-waiver"], WAIVER_KEY)
    assert waivers.refusal(waiver, department=department, key=entry.key, value=entry.value or b"", at=waiver.signed_at) == ""
    assert (waiver.by, waiver.reason, waiver.findings[0]) == ("steward", "经核对原件无误", "f00")


def test_no_record_no_waiver(held: World) -> None:
    held.trail = None
    assert waived(held) == 503 and not held.published


@pytest.mark.parametrize(
    ("who", "reason", "status"), [("emergency", "经核对原件无误", 403), ("officer", "经核对原件无误", 403), ("steward", "no", 400)]
)
def test_only_a_steward_lets_pass_and_says_why(held: World, who: str, reason: str, status: int) -> None:
    assert waived(held, who, reason) == status and not held.published and not held.trail


def test_what_is_rejected_or_gone_is_not_let_pass(held: World) -> None:
    held.sealed.clear()
    assert waived(held) == 410
    held.found = [replace(one, finding=replace(one.finding, verdict=Verdict.REJECT)) for one in held.found]
    assert waived(held) in (409, 410) and not held.published
