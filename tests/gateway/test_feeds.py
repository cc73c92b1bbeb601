"""The feed: everything once, resumable at every line, refused and withdrawn as it should be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from databus.gateway.outward import record_id
from databus.model.labels import Publication, Standing, SubjectKind
from databus.testing.planner import hide
from gateway.world import PLATFORM_KEY, USCC, World, example, label

EVENTS = "/v1/feeds/changes/events"
NORTHERN, SOUTHERN = ({"Authorization": f"Bearer {name}"} for name in ("north", "south"))


def read(client: TestClient, cursor: str | None = None, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get(EVENTS, params={**asked, **({"cursor": cursor} if cursor else {})}, headers=SOUTHERN)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def drain(client: TestClient, cursor: str | None = None, **asked: Any) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    while True:
        lines = read(client, cursor, **asked)
        told += lines[:-1]
        cursor = lines[-1]["cursor"]
        if not lines[-1]["more"]:
            return told


def test_every_visible_step_once(world: World, client: TestClient) -> None:
    world.penalties(30)
    steps = drain(client, limit=7)
    assert len(steps) == len({one["step"] for one in steps}) == 33
    assert all(one["type"] == "changed" for one in steps)


def test_any_line_resumes(world: World, client: TestClient) -> None:
    world.penalties(6)
    whole = drain(client)
    for number, one in enumerate(whole):
        assert [rest["step"] for rest in drain(client, one["cursor"])] == [rest["step"] for rest in whole[number + 1 :]]


def test_the_last_line_is_a_control_line_even_of_nothing(client: TestClient) -> None:
    end = read(client)[-1]
    assert (end["type"], end["control"], end["more"]) == ("control", "end_of_page", False)
    assert [one["type"] for one in read(client, end["cursor"])] == ["control"]


def test_beginning_now_leaves_out_the_past(world: World, client: TestClient) -> None:
    lines = read(client, **{"from": "now"})
    assert [one["type"] for one in lines] == ["control"]
    world.penalties(1)
    assert len(drain(client, lines[-1]["cursor"])) == 1


def test_a_withdrawal_carries_no_data(world: World, client: TestClient) -> None:
    row = world.put(label("ADMIN_PENALTY"), {**example("ADMIN_PENALTY"), "doc_no": "将被撤回"})
    before, cursor = read(client)[-2], read(client)[-1]["cursor"]
    world.put(label("ADMIN_PENALTY", standing=Standing.REVOKED), example("ADMIN_PENALTY"), record_key=row.record_key)
    step = drain(client, cursor)[0]
    assert step["type"] == "withdrawn" and step["record"] == before["record"]
    assert set(step) == {"type", "subject", "step", "record_type", "record", "cursor"}
    assert "将被撤回" not in json.dumps(drain(client), ensure_ascii=False), "a withdrawn record leaves no earlier step behind"


def test_what_was_never_visible_leaves_no_trace(world: World, client: TestClient) -> None:
    before = read(client)
    world.put(label("ADMIN_LICENCE", Publication.GOV_SHARED, owner="transport"), example("ADMIN_LICENCE"))
    after = read(client, before[-1]["cursor"])
    assert [one["type"] for one in after] == ["control"]
    cursors = {read(client, after[-1]["cursor"])[-1]["cursor"] for _ in range(3)}
    assert len(cursors) == 3, "cursors differ each time, so that none tells whether anything has moved"


def test_pages_are_recorded_before_they_leave(world: World, client: TestClient) -> None:
    world.penalties(3)
    steps = drain(client, limit=4)
    keys = {key for made in world.trail.records for key in made.records}
    assert {one["record"] for one in steps} == {record_id(key, platform_key=PLATFORM_KEY) for key in keys}
    assert {made.action for made in world.trail.records} == {"feed.read"} and len(world.trail.records) >= 2
    world.trail.away = True
    answer = client.get(EVENTS, headers=SOUTHERN)
    assert answer.status_code == 503 and "样例" not in answer.text


def test_a_cursor_belongs_to_its_reader(client: TestClient) -> None:
    cursor = read(client)[-1]["cursor"]
    for params, headers in (
        ({"cursor": cursor}, NORTHERN),
        ({"cursor": cursor, "purpose": "P12"}, SOUTHERN),
        ({"cursor": cursor[:-2]}, SOUTHERN),
    ):
        assert client.get(EVENTS, params=params, headers=headers).status_code == 400


def test_too_old_names_the_oldest_that_is_served(world: World, client: TestClient) -> None:
    world.penalties(9)
    cursor = read(client, limit=1)[0]["cursor"]
    world.records.lowest = 5
    answer = client.get(EVENTS, params={"cursor": cursor}, headers=SOUTHERN)
    assert answer.status_code == 410
    problem = answer.json()
    assert problem["type"] == "/problems/gone" and problem["snapshot"] == EVENTS
    assert len(drain(client, problem["oldest"])) == len(world.records.versions) - 6
    assert "offset" not in answer.text and "generation" not in answer.text


def test_a_change_of_policy_is_told(world: World, client: TestClient) -> None:
    cursor = read(client)[-1]["cursor"]
    assert [one.get("control") for one in read(client, cursor)] == ["end_of_page"]
    world.planner.revision = "r2"
    told = read(client, cursor)
    assert [one.get("control") for one in told] == ["plan_changed", "end_of_page"]
    assert [one.get("control") for one in read(client, told[-1]["cursor"])] == ["end_of_page"]


def test_nothing_allowed_is_a_recorded_refusal_with_reasons(world: World, client: TestClient) -> None:
    world.planner.verdict = lambda question, of: hide("DENY_AGENCY_STATUS")
    answer = client.get(EVENTS, headers=SOUTHERN)
    assert answer.status_code == 403 and answer.json()["reasons"] == ["DENY_AGENCY_STATUS"]
    assert world.trail.records[-1].outcome == "DENY" and world.trail.records[-1].reasons == ("DENY_AGENCY_STATUS",)


def test_a_refusal_while_waiting_ends_with_a_control_line(world: World, client: TestClient) -> None:
    cursor = read(client)[-1]["cursor"]

    async def waited(seconds: float) -> bool:
        world.put(label("ADMIN_PENALTY"), example("ADMIN_PENALTY"))
        world.trail.away = True
        return True

    world.records.wait = waited  # type: ignore[method-assign]
    lines = read(client, cursor, wait=5)
    assert [one["type"] for one in lines] == ["control"]
    assert (lines[-1]["control"], lines[-1]["reason"], lines[-1]["status"]) == ("ended", "audit-unavailable", 503)
    world.trail.away = False
    assert len(drain(client, lines[-1]["cursor"])) == 1, "what was refused is not skipped"


def test_waiting_brings_what_comes(world: World, client: TestClient) -> None:
    cursor = read(client)[-1]["cursor"]

    async def waited(seconds: float) -> bool:
        world.put(label("ADMIN_PENALTY"), example("ADMIN_PENALTY"))
        return True

    world.records.wait = waited  # type: ignore[method-assign]
    assert [one["type"] for one in read(client, cursor, wait=5)] == ["changed", "control"]


def test_subjects_are_named_by_key_and_persons_by_pseudonym(world: World, client: TestClient) -> None:
    person = label("ADMIN_PENALTY", subject_kind=SubjectKind.PERSON)
    world.put(person, {**example("ADMIN_PENALTY"), "counterparty_name": "王小明"}, subject_key="the-key-of-a-person", name="王小明")
    steps = drain(client)
    assert {"scheme": "CN-USCI", "code": USCC} in steps[0]["subject"]["codes"]
    mine = next(one for one in steps if "pseudonym" in one["subject"])
    assert "the-key-of-a-person" not in json.dumps(mine) and "王小明" not in json.dumps(mine, ensure_ascii=False)
    other = client.get(EVENTS, headers=NORTHERN).text.splitlines()
    theirs = next(told for line in other if "pseudonym" in (told := json.loads(line)).get("subject", {}))
    assert theirs["subject"]["pseudonym"] != mine["subject"]["pseudonym"]


def test_inner_numbers_do_not_leave(world: World, client: TestClient) -> None:
    world.penalties(3)
    for line in read(client):
        assert not {"pv", "offset", "part", "event_id", "submission_id", "record_key", "class_id", "content_hash", "seq"} & set(line)


@pytest.mark.parametrize("asked", [{"limit": "1001"}, {"wait": "301"}, {"wait": "-1"}, {"from": "then"}, {"cursor": "x"}])
def test_hostile_questions(client: TestClient, asked: dict[str, str]) -> None:
    assert client.get(EVENTS, params=asked, headers=SOUTHERN).status_code == 400


def test_other_feeds_and_nobody(client: TestClient) -> None:
    assert client.get("/v1/feeds/nothing/events", headers=SOUTHERN).status_code == 404
    assert client.get(EVENTS).status_code == 401
    assert client.get("/v1/feeds").json()["feeds"][0]["events"] == EVENTS
