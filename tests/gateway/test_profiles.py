"""Who gets what of one business, and in which order it happens."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from databus.gateway.outward import record_id
from databus.model.keys import organisation_key, person_key
from databus.model.labels import Standing, SubjectKind
from gateway.world import KEY, NORTH, OTHER, PLATFORM_KEY, USCC, World, example, label

EMERGENCY, NORTHERN, SOUTHERN = ({"Authorization": f"Bearer {name}"} for name in ("emergency", "north", "south"))


def licences(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for section in body["sections"] for one in section["records"] if one["record_type"] == "ADMIN_LICENCE"]


def test_a_narrowed_licence_looks_different_to_each_of_five(client: TestClient) -> None:
    answers = {
        "public": client.get(f"/v1/subjects/{USCC}").json(),
        "granted": client.get(f"/v1/profiles/{USCC}?purpose=P12", headers=EMERGENCY).json(),
        "no purpose": client.get(f"/v1/profiles/{USCC}", headers=EMERGENCY).json(),
        "consented": client.get(f"/v1/profiles/{USCC}?purpose=P12", headers=NORTHERN).json(),
        "not consented": client.get(f"/v1/profiles/{USCC}?purpose=P12", headers=SOUTHERN).json(),
    }
    assert {name: len(licences(body)) for name, body in answers.items()} == {
        "public": 1,
        "granted": 2,
        "no purpose": 1,
        "consented": 2,
        "not consented": 1,
    }
    told = {
        name: next(one for one in licences(body) if "99号" in one["fields"]["doc_no"])
        for name, body in answers.items()
        if len(licences(body)) == 2
    }
    assert told["granted"]["fields"]["remark"] == "内部备注"
    assert told["consented"]["withheld"]["remark"] == "DENY_NOT_PUBLISHED"
    assert "remark" not in told["consented"]["fields"]
    explained = {name: (body["withheld"].get("ADMIN_LICENCE"), licences(body)[0]["reasons"]) for name, body in answers.items()}
    assert explained["public"][0] == ["DENY_EXPIRED", "DENY_NOT_PUBLISHED"]
    assert explained["no purpose"][0] == ["DENY_EXPIRED", "DENY_NO_GRANT"]
    assert explained["not consented"][0] == ["DENY_EXPIRED", "DENY_NO_CONSENT"]
    assert explained["granted"] == (["DENY_EXPIRED"], ["OK_GRANT"])
    assert explained["consented"] == (["DENY_EXPIRED"], ["OK_CONSENT"])


def test_null_is_told_apart_from_withheld(client: TestClient) -> None:
    body = client.get(f"/v1/profiles/{USCC}?purpose=P12", headers=NORTHERN).json()
    record = licences(body)[0]
    assert "reg_no" in record["fields"] and record["fields"]["reg_no"] is None
    assert "reg_no" not in record["withheld"]
    assert "person_id_no" in record["withheld"] and "person_id_no" not in record["fields"]


def test_decide_read_redact_record_then_release(world: World, client: TestClient) -> None:
    world.planner.log.clear()
    answer = client.get(f"/v1/profiles/{USCC}?purpose=P12", headers=NORTHERN)
    log = [step for step in world.planner.log if step in ("decide", "of_subject", "redact", "record")]
    assert log[0] == "decide" and log[-1] == "record" and log[1] == "of_subject" and set(log[2:-1]) == {"redact"}
    made = world.trail.records[-1]
    assert (made.caller, made.purpose, made.action, made.subject_key) == ("agency-north", "P12", "profile.read", organisation_key(USCC))
    assert made.decision_id == answer.headers["Databus-Decision-Id"] and made.request_id == answer.headers["Databus-Request-Id"]
    keys = {one["record"] for section in answer.json()["sections"] for one in section["records"]}
    assert (
        {record_id(key, platform_key=PLATFORM_KEY) for key in made.records} == keys
        and made.permit_id == "permit-agency-north"
        and made.relation == "permit"
    )
    assert "样例粮油" not in repr(made), "a decision record holds no value of a record"


def test_a_department_sees_its_own_records_whole_without_purpose(world: World, client: TestClient) -> None:
    world.put(label("ADMIN_PENALTY", owner="emergency"), {**example("ADMIN_PENALTY"), "doc_no": "本部门1号", "remark": "内部"})
    body = client.get(f"/v1/profiles/{USCC}", headers=EMERGENCY).json()
    mine = next(one for section in body["sections"] for one in section["records"] if one["fields"].get("doc_no") == "本部门1号")
    assert mine["reasons"] == ["OK_OWNER"] and mine["fields"]["remark"] == "内部" and not mine["withheld"]
    assert {made.relation for made in world.trail.records} == {"none", "owner"}


def test_no_log_no_data(world: World, client: TestClient) -> None:
    world.trail.away = True
    answer = client.get(f"/v1/profiles/{USCC}?purpose=P12", headers=NORTHERN)
    assert answer.status_code == 503 and answer.json()["type"] == "/problems/audit-unavailable"
    assert "样例" not in answer.text and answer.headers["Retry-After"]


@pytest.mark.parametrize("part", ["planner", "records"])
def test_a_lost_port_is_a_503_that_betrays_nothing(world: World, client: TestClient, part: str) -> None:
    getattr(world, part).away = True
    for path in (
        f"/v1/profiles/{USCC}?purpose=P12",
        f"/v1/subjects/{USCC}",
        "/v1/datasets/penalties/records",
        "/v1/feeds/changes/events",
        "/",
    ):
        answer = client.get(path, headers=NORTHERN)
        assert answer.status_code == 503, path
        assert "OPA" not in answer.text and "PostgreSQL" not in answer.text and "Refused" not in answer.text
    assert world.trail.records == []


def test_a_subject_with_nothing_visible_is_answered_as_one_that_does_not_exist(world: World, client: TestClient) -> None:
    world.put(label("ADMIN_LICENCE", owner="transport", standing=Standing.HELD), example("ADMIN_LICENCE"), code=OTHER, name="秘密公司")
    absent = "91220184YYYY00047P"
    for path in ("/v1/subjects/{}", "/v1/profiles/{}?purpose=P12", "/businesses/{}"):
        headers = {**SOUTHERN, "Databus-Request-Id": "same"}
        hidden, missing = (client.get(path.format(code), headers=headers) for code in (OTHER, absent))
        assert hidden.status_code == missing.status_code == 404
        assert hidden.content == missing.content
        same = {"databus-decision-id"}
        assert {k: v for k, v in hidden.headers.items() if k not in same} == {k: v for k, v in missing.headers.items() if k not in same}
    assert client.get("/v1/subjects?q=秘密").json()["subjects"] == []
    assert client.get(f"/v1/subjects?q={OTHER}").json()["subjects"] == []


def test_denials_are_recorded(world: World, client: TestClient) -> None:
    assert client.get("/v1/profiles/91220184YYYY00047P?purpose=P12", headers=SOUTHERN).status_code == 404
    made = world.trail.records[-1]
    assert made.outcome == "DENY" and made.records == () and made.disclosed == {}


def test_nobody_without_a_token(world: World, client: TestClient) -> None:
    for headers in ({}, {"Authorization": "Bearer forged"}):
        answer = client.get(f"/v1/profiles/{USCC}?purpose=P12", headers=headers)
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
    assert "decide" not in world.planner.log


@pytest.mark.parametrize("purpose", ["P1 2", "' OR 1=1", "x" * 33, "用途"])
def test_a_purpose_that_is_none(client: TestClient, purpose: str) -> None:
    answer = client.get(f"/v1/profiles/{USCC}", params={"purpose": purpose}, headers=NORTHERN)
    assert answer.status_code == 400 and answer.json()["parameter"] == "purpose"


def test_a_person_is_asked_for_by_a_handle_and_named_only_as_policy_cuts(world: World, client: TestClient) -> None:
    number = "220000190001010018"
    key = person_key("RIC", number, secret=PLATFORM_KEY)
    person = label("ADMIN_PENALTY", owner="ecology", subject_kind=SubjectKind.PERSON)
    world.put(person, {**example("ADMIN_PENALTY"), "counterparty_name": "王小明"}, subject_key=key, name="王小明")
    told = client.post("/v1/subjects/resolve", json={"id_type": "RIC", "id_number": number}, headers=SOUTHERN)
    assert told.status_code == 200 and number not in told.text and key not in told.text
    handle = told.json()["handle"]
    body = client.get(f"/v1/profiles/{handle}", headers=SOUTHERN)
    assert body.json()["sections"][0]["records"][0]["fields"]["counterparty_name"] == "王***"
    assert "王小明" not in body.text
    assert client.get(f"/v1/profiles/{handle}", headers=NORTHERN).status_code == 400, "a handle is its asker's own"
    unknown = client.post("/v1/subjects/resolve", json={"id_type": "RIC", "id_number": "220000190001010026"}, headers=SOUTHERN)
    assert unknown.status_code == 200, "resolving tells nothing"
    assert client.get(f"/v1/profiles/{unknown.json()['handle']}", headers=SOUTHERN).status_code == 404
    world.instant[0] = world.instant[0].replace(hour=12)
    assert client.get(f"/v1/profiles/{handle}", headers=SOUTHERN).status_code == 403


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"id_type": "RIC", "id_number": "' + b"1" * 5000 + b'"}', "application/json", 413),
        (b"[" * 4000, "application/json", 400),
        (b'{"id_type": "RIC", "id_number": "1", "name": "x"}', "application/json", 400),
        (b'{"id_type": "RIC", "id_number": "\xff"}', "application/json", 400),
        (b'{"id_type": "ric!", "id_number": "1"}', "application/json", 400),
        (b"id_type=RIC", "application/x-www-form-urlencoded", 415),
    ],
    ids=["too long", "deep", "another member", "no UTF-8", "no kind", "a form"],
)
def test_what_names_no_person_is_refused(client: TestClient, body: bytes, kind: str, status: int) -> None:
    assert client.post("/v1/subjects/resolve", content=body, headers={**SOUTHERN, "Content-Type": kind}).status_code == status
    assert client.post("/v1/subjects/resolve", content=body, headers={"Content-Type": kind}).status_code == 401, (
        "nothing is read of strangers"
    )


@pytest.mark.parametrize(
    "path", [f"/v1/profiles/{USCC}?purpose=P12&purpose=P13", "/v1/subjects?q=a&q=b", "/v1/feeds/changes/events?from=now&from=now"]
)
def test_a_parameter_given_twice_is_refused(client: TestClient, path: str) -> None:
    assert client.get(path, headers=SOUTHERN).status_code == 400


def test_persons_are_not_browsed(world: World, client: TestClient) -> None:
    person = label("ADMIN_PENALTY", owner="ecology", subject_kind=SubjectKind.PERSON)
    world.put(
        person, {**example("ADMIN_PENALTY"), "counterparty_name": "王小明"}, subject_key=person_key("RIC", "1", secret=KEY), name="王小明"
    )
    assert client.get("/v1/subjects?q=王小明").json()["subjects"] == []
    for path in ("/v1/datasets/penalties/records", "/v1/datasets/penalties/exports/csv", "/datasets/penalties"):
        assert "王" not in client.get(path).text


def test_a_wake_day_that_has_come_holds_a_record_back(world: World, client: TestClient) -> None:
    today = world.instant[0].date()
    world.put(label("ADMIN_PENALTY"), {**example("ADMIN_PENALTY"), "doc_no": "将过期"}, wake=today.replace(day=today.day + 1))
    assert "将过期" in client.get(f"/v1/subjects/{USCC}").text
    world.instant[0] = world.instant[0].replace(day=today.day + 1)
    assert "将过期" not in client.get(f"/v1/subjects/{USCC}").text


def test_the_validator_follows_what_is_disclosed(world: World, client: TestClient) -> None:
    path = f"/v1/profiles/{USCC}?purpose=P12"
    first = client.get(path, headers=NORTHERN)
    assert first.headers["ETag"].startswith('"')
    again = client.get(path, headers={**NORTHERN, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.content == b"" and again.headers["ETag"] == first.headers["ETag"]
    world.put(label("ADMIN_PENALTY", owner="ecology", standing=Standing.HIDDEN), example("ADMIN_PENALTY"), code=OTHER)
    assert client.get(path, headers=SOUTHERN).headers["ETag"] != first.headers["ETag"]
    world.put(label("ADMIN_PENALTY", owner="ecology"), {**example("ADMIN_PENALTY"), "doc_no": "新的"})
    assert client.get(path, headers={**NORTHERN, "If-None-Match": first.headers["ETag"]}).status_code == 200


def test_older_codes_lead_to_the_same_subject(client: TestClient) -> None:
    older, newer = (client.get(f"/v1/subjects/{code}").json() for code in ("220102000002026", USCC))
    assert (older.pop("asked"), newer.pop("asked")) == (
        {"scheme": "CN-REG", "code": "220102000002026"},
        {"scheme": "CN-USCI", "code": USCC},
    )
    assert older == newer
    assert client.get(f"/v1/subjects/{USCC.lower()}").status_code == 200


def test_public_reads_are_counted_not_recorded(world: World, client: TestClient) -> None:
    client.get(f"/v1/subjects/{USCC}", headers=NORTHERN)
    client.get("/v1/datasets/penalties/records")
    assert world.counter.reads == [("subjects", NORTH.name), ("penalties", "anonymous")]
    assert world.trail.records == []


def test_a_moment_shows_what_held_and_was_known_then_to_those_who_may_see_it_now(world: World, client: TestClient) -> None:
    of, key = label("ADMIN_PENALTY", owner="ecology"), "moment"
    first, second = ({**example("ADMIN_PENALTY"), "content": text} for text in ("as first told", "as corrected"))
    known, day = 1_790_000_000_000, 86_400_000
    world.put(of, first, record_key=key, known_at=known, valid_from=date(2026, 9, 1))
    world.put(of, second, record_key=key, known_at=known + day, valid_from=date(2026, 9, 1))

    def said(**asked: str) -> list[str]:
        body = client.get(f"/v1/profiles/{USCC}", params={"purpose": "P12", **asked}, headers=EMERGENCY).json()
        assert body["as_of"] == asked["as_of"] and "known_at" in body
        records = [one for section in body["sections"] for one in section["records"]]
        return [one["fields"]["content"] for one in records if one["record"] == record_id(key, platform_key=PLATFORM_KEY)]

    assert said(as_of="2026-09-02", known_at="2026-09-22T12:00:00+08:00") == ["as first told"]
    assert said(as_of="2026-09-02") == said(as_of="2026-09-02", known_at="2026-11-23") == ["as corrected"]
    assert said(as_of="2026-08-31") == said(as_of="2026-09-02", known_at="2026-01-01") == []
    world.put(label("ADMIN_PENALTY", owner="ecology", standing=Standing.REVOKED), second, record_key=key, known_at=known + 2 * day)
    assert said(as_of="2026-09-02", known_at="2026-09-22T12:00:00+08:00") == []


@pytest.mark.parametrize(
    "asked", [{"as_of": "yesterday"}, {"known_at": "2026-13-01"}, {"known_at": "2026-11-24"}, {"as_of": "", "known_at": "2026-01-01"}]
)
def test_a_moment_nobody_can_tell_is_refused(client: TestClient, asked: dict[str, str]) -> None:
    assert client.get(f"/v1/profiles/{USCC}", params=asked, headers=EMERGENCY).status_code == 400
