"""Publishing by HTTP: what is taken, what is refused and why, and what repeats do."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from databus.department import receipt
from databus.model.keys import organisation_key
from department.http.world import CALLERS, ENTRY, EVENTS, NOW, TYPE, World, batch, example, key, payload

SECRET = "机密的内容"


def problems(answer: httpx.Response) -> list[dict[str, Any]]:
    """Every refusal of an answer, in the order of its items."""
    return [one for result in answer.json()["results"] for one in result.get("problems", ())]


def test_a_batch_lies_in_the_inbox_under_the_subjects_key_and_is_receipted(client: TestClient, world: World) -> None:
    body = json.dumps(batch({"payload": payload(1)}, {"payload": payload(2)}, envelope={"source_system": "case"})).encode()
    answer = client.post(EVENTS, content=body, headers={"content-type": "application/json"})
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["refused"]) == (202, 2, 0), told
    entries = world.inbox.of("in.emergency")
    assert {entry.key for entry in entries} == {organisation_key("91220102YYYY000207").encode()}
    first, second = world.sent()
    assert [one["payload"]["doc_no"] for one in (first, second)] == ["吉应急罚〔2026〕1号", "吉应急罚〔2026〕2号"]
    assert (first["envelope"]["source_system"], first["envelope"]["catalog_code"]) == ("case", ENTRY)
    assert second["envelope"]["source_seq"] - first["envelope"]["source_seq"] == 1
    assert [one["submission_id"] for one in told["results"]] == [one["envelope"]["submission_id"] for one in (first, second)]
    proved = receipt.verify(told, {str(key().kid): key()}, source_sha256=hashlib.sha256(body).hexdigest())
    assert (proved.count, proved.department, proved.topic) == (2, "emergency", "in.emergency")
    assert [one["sha256"] for one in told["submissions"]] == [receipt.digest(one.key, one.value, one.headers) for one in entries]


def test_an_item_may_be_what_the_contract_ships_as_its_example(client: TestClient, world: World) -> None:
    answer = client.post(EVENTS, json={"events": [{"record_type": TYPE, **example()}]})
    assert answer.status_code == 202, answer.json()
    [sent] = world.sent()
    told = example()["envelope"]
    assert sent["envelope"]["submission_id"] == told["submission_id"]
    assert (sent["envelope"]["recorded_at"], sent["envelope"]["source_seq"]) == (told["recorded_at"], told["source_seq"])
    assert sent["envelope"]["subject"] == told["subject"] and str(sent["payload"]["fine_yuan"]) == "2000.00"


WRONG: list[tuple[Any, tuple[str, str], str]] = [
    ({"payload": payload(2, decided_at="2026-02-30")}, ("DQ-FMT-04", "decided_at"), ""),
    ({"payload": payload(3, doc_nr="x")}, ("DQ-CAT-02", "doc_nr"), "doc_no"),
    ({"payload": payload(4), "record_type": "ADMIN_PENALTI"}, ("DQ-SRC-02", "record_type"), TYPE),
    ({"payload": payload(5), "envelope": {"sorce_system": "x"}}, ("DQ-FMT-04", "envelope.sorce_system"), "source_system"),
    ({"payload": payload(5), "envelope": {"subject": {"nam": "x"}}}, ("DQ-FMT-04", "envelope.subject.nam"), "name"),
    ("no object", ("DQ-FMT-04", ""), ""),
    ({"payload": payload(7), "envelope": {"catalog_code": "307005/000004"}}, ("DQ-SRC-01", "envelope.catalog_code"), ENTRY),
    ({"payload": payload(8), "envelope": {"catalog_code": "none/such"}}, ("DQ-CAT-01", "envelope.catalog_code"), ENTRY),
    ({"payload": payload(9), "envelope": {"catalog_code": 7}}, ("DQ-FMT-04", "envelope.catalog_code"), ""),
    ({"payload": {"name": "x"}, "record_type": "LP_REGISTRATION"}, ("DQ-SRC-02", "record_type"), ""),
    ({"payload": payload(10, decided_at="1990-01-01")}, ("DQ-CAT-01", "envelope.catalog_code"), ""),
    (
        {"payload": payload(10, decided_at="1990-01-01"), "envelope": {"decided_at": "2026-09-03"}},
        ("DQ-CAT-01", "envelope.catalog_code"),
        "",
    ),
    ({"payload": payload(11, penalty_kinds=[["FINE"]])}, ("DQ-FMT-04", "penalty_kinds"), ""),
    ({"payload": payload(11, penalty_kinds=[{"kind": "FINE"}])}, ("DQ-FMT-04", "penalty_kinds"), ""),
    ({"payload": payload(11, content=["one", "two"])}, ("DQ-FMT-04", "content"), ""),
    ({"payload": payload(11, decided_at=["2026-09-03"])}, ("DQ-FMT-04", "decided_at"), ""),
    ({"payload": payload(12, remark={"deep": 1})}, ("DQ-FMT-04", "remark"), ""),
    ({"payload": payload(13, **{"envelope.secrecy": "x"})}, ("DQ-CAT-02", "envelope.secrecy"), ""),
    ({"payload": payload(14), "envelope": {"submission_id": "mine"}}, ("DQ-FMT-04", "envelope.submission_id"), ""),
    ({"payload": payload(15), "envelope": {"publication_class": "EVERYBODY"}}, ("DQ-FMT-04", "envelope.publication_class"), ""),
    ({"payload": payload(16), "envelope": {"recorded_at": "yesterday"}}, ("DQ-FMT-04", "envelope.recorded_at"), ""),
    ({"payload": payload(17), "more": 1}, ("DQ-FMT-04", "more"), ""),
    ({"payload": payload(18, fine_yuan=10**17)}, ("DQ-FMT-04", "fine_yuan"), ""),
    ({"payload": payload(19, fine_yuan="1e999999999")}, ("DQ-FMT-04", "fine_yuan"), ""),
    ({"payload": payload(20, fine_yuan="1200,50")}, ("DQ-FMT-04", "fine_yuan"), ""),
]


def test_good_items_are_taken_and_each_other_comes_back_with_what_would_pass(client: TestClient, world: World) -> None:
    answer = client.post(EVENTS, json=batch({"payload": payload(1)}, *(item for item, _, _ in WRONG)))
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["refused"]) == (202, 1, len(WRONG)), told
    for result, (item, expected, suggestion) in zip(told["results"][1:], WRONG, strict=True):
        [one] = result["problems"]
        assert (one["rule"], one["field"]) == expected, item
        assert not suggestion or one["suggestion"] == suggestion, (item, one)
        assert one["message"]["zh"] and one["message"]["en"] and one["remedy"]["zh"] and one["remedy"]["en"] and one["expected"]
    wrong_day = told["results"][1]["problems"][0]["message"]
    assert wrong_day["zh"].startswith("处罚决定日期：") and wrong_day["en"].startswith("decided on: ")
    assert len(world.sent()) == 1


def test_nothing_of_a_person_is_repeated(client: TestClient) -> None:
    number = "22000019000101001X"
    for wrong in ({"legal_rep_id_no": {"n": number}}, {"decided_at": f"on {number}"}, {"legal_rep_id_type": [number, {}]}):
        answer = client.post(EVENTS, json=batch({"payload": payload(1, **wrong)}))
        assert answer.status_code == 422 and number not in answer.text and len(problems(answer)) == 1


@pytest.mark.parametrize("who", [None, "Bearer agency", "Bearer transport", "Bearer made-up"])
def test_only_the_departments_own_client_publishes(world: World, who: str | None) -> None:
    with TestClient(world.app) as client:
        answer = client.post(EVENTS, json=batch(), headers={"authorization": who} if who else {})
    assert answer.status_code == (403 if who in CALLERS else 401), answer.json()
    assert not world.inbox.taken


def test_a_type_of_another_owner_names_the_owner(client: TestClient, world: World) -> None:
    answer = client.post(EVENTS, json=batch({"record_type": "LP_REGISTRATION", "payload": {"name": "x"}}))
    assert answer.status_code == 422
    assert [(one["rule"], one["observed"], one["expected"]) for one in problems(answer)] == [
        ("DQ-SRC-02", "emergency", "agriculture | civil-affairs | justice | market-regulation | public-security | staffing")
    ]
    assert answer.headers["content-type"] == "application/problem+json" and not world.inbox.taken


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (batch({"payload": payload(1, remark=SECRET), "envelope": {"secrecy": "MIMI"}}), {}),
        (batch({"payload": payload(1, remark=SECRET), "envelope": {"secrecy": "秘密"}}), {}),
        (batch({"payload": payload(1, remark=SECRET), "envelope": {"secrecy": "made up"}}), {}),
        (batch({"payload": payload(1)}, {"payload": payload(2, remark=SECRET), "envelope": {"secrecy": {"level": "JIMI"}}}), {}),
        (batch({"payload": payload(1, remark=SECRET)}, envelope={"secrecy": "JUEMI"}), {}),
        (batch({"payload": {"nested": {"secrecy": "MIMI", "text": SECRET}}}), {}),
        (batch({"payload": payload(1, remark=SECRET)}), {"databus-secrecy": "MIMI"}),
        (batch({"payload": payload(1, remark=SECRET)}), {"ce-secrecy": "JIMI"}),
    ],
)
def test_a_declared_state_secret_is_refused_as_a_whole_and_written_nowhere(
    client: TestClient, world: World, caplog: pytest.LogCaptureFixture, body: dict[str, Any], headers: dict[str, str]
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = client.post(EVENTS, json=body, headers={"idempotency-key": "k", **headers})
    assert (answer.status_code, answer.json()["rule"]) == (422, "DQ-SEC-01")
    assert not world.inbox.taken and not world.replies.rows
    assert SECRET not in answer.text + caplog.text
    assert [record.__dict__["rule"] for record in caplog.records if "rule" in record.__dict__] == ["DQ-SEC-01"]


def test_what_is_none_may_be_declared(client: TestClient, world: World) -> None:
    open_item = {"payload": payload(1), "envelope": {"secrecy": "WORK_SECRET"}}
    answer = client.post(EVENTS, json=batch(open_item), headers={"databus-secrecy": "NONE"})
    assert answer.status_code == 202, answer.json()
    assert world.sent()[0]["envelope"]["secrecy"] == "WORK_SECRET"


def test_a_repeat_has_one_effect_and_one_answer(client: TestClient, world: World) -> None:
    first = client.post(EVENTS, json=batch(), headers={"idempotency-key": '"a b"'})
    world.instant[0] += timedelta(hours=23)
    again = client.post(EVENTS, json=batch(), headers={"idempotency-key": '"a b"'})
    assert first.status_code == again.status_code == 202 and again.content == first.content
    assert again.headers["idempotency-replayed"] == "true" and "idempotency-replayed" not in first.headers
    assert len(world.sent()) == 1
    other = client.post(EVENTS, json=batch({"payload": payload(2)}), headers={"idempotency-key": '"a b"'})
    assert other.status_code == 422 and len(world.sent()) == 1
    world.instant[0] += timedelta(hours=2)
    assert client.post(EVENTS, json=batch({"payload": payload(2)}), headers={"idempotency-key": '"a b"'}).status_code == 202


def test_a_refusal_is_an_answer_that_is_kept_as_well(client: TestClient, world: World) -> None:
    wrong = batch({"payload": payload(1, decided_at="never")})
    first, again = (client.post(EVENTS, json=wrong, headers={"idempotency-key": "k"}) for _ in range(2))
    assert first.status_code == again.status_code == 422 and first.content == again.content
    assert again.headers["content-type"] == "application/problem+json"


def test_a_request_the_bus_did_not_take_may_be_repeated_and_keeps_its_ids(client: TestClient, world: World) -> None:
    world.inbox.away = True
    assert client.post(EVENTS, json=batch(), headers={"idempotency-key": "k"}).status_code == 503
    begun = int(world.instant[0].timestamp())
    world.inbox.away, world.instant[0] = False, world.instant[0] + timedelta(minutes=5)
    assert client.post(EVENTS, json=batch(), headers={"idempotency-key": "k"}).status_code == 202
    assert world.sent()[0]["envelope"]["source_seq"] >> 28 == begun


def test_the_twin_of_a_request_under_way_is_a_conflict(client: TestClient, world: World) -> None:
    client.post(EVENTS, json=batch(), headers={"idempotency-key": "k"})
    world.replies.rows["emergency", "k"].answer = None
    assert client.post(EVENTS, json=batch(), headers={"idempotency-key": "k"}).status_code == 409
    world.instant[0] += timedelta(minutes=2)
    assert client.post(EVENTS, json=batch(), headers={"idempotency-key": "k"}).status_code == 202


@pytest.mark.parametrize("told", ['"open', '""', "", "a b", "x" * 300, "ä", '"a" "b"'])
def test_a_key_that_is_none_is_refused(client: TestClient, world: World, told: str) -> None:
    answer = client.post(EVENTS, json=batch(), headers=[(b"idempotency-key", told.encode("latin-1"))])
    assert answer.status_code == 400 and answer.json()["header"] == "idempotency-key" and not world.inbox.taken


def test_without_a_key_the_same_request_within_a_second_has_the_same_ids(client: TestClient) -> None:
    first, again = (client.post(EVENTS, json=batch()).json() for _ in range(2))
    assert first["results"][0]["submission_id"] == again["results"][0]["submission_id"]


def test_a_later_request_has_the_higher_sequence_even_within_a_second(client: TestClient, world: World) -> None:
    told = []
    for _ in range(4):
        client.post(EVENTS, json=batch({"payload": payload(1)}, {"payload": payload(2)}))
        told = [one["envelope"]["source_seq"] for one in world.sent()]
        world.instant[0] += timedelta(microseconds=300_000)
    assert told == sorted(set(told)) and len(told) == 8
    assert [seq >> 28 for seq in (told[0], told[-1])] == [int(NOW.timestamp())] * 2


def test_an_id_twice_in_a_request_is_refused_the_second_time(client: TestClient) -> None:
    same = {"submission_id": "0191e0a0-0000-7000-8000-000000000003"}
    answer = client.post(EVENTS, json=batch({"payload": payload(1), "envelope": same}, {"payload": payload(2), "envelope": same}))
    assert (answer.json()["accepted"], [one["rule"] for one in problems(answer)]) == (1, ["DQ-UNI-01"])


def test_an_item_the_inbox_cannot_hold_is_refused_alone(client: TestClient, world: World) -> None:
    answer = client.post(EVENTS, json=batch({"payload": payload(1)}, {"payload": payload(2, remark="长" * 349_400)}))
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1), answer.text[:500]
    assert len(world.sent()) == 1 and "bytes" in problems(answer)[0]["expected"]


def test_the_operation_is_described(client: TestClient) -> None:
    described = client.get("/openapi.json").json()["paths"]["/v1/departments/{department}/events"]["post"]
    assert {"202", "400", "401", "403", "409", "413", "415", "422", "503"} <= described["responses"].keys()


@pytest.mark.parametrize("kind", ["application/json", "application/cloudevents+json"])
def test_a_body_without_what_its_description_requires_is_refused(client: TestClient, kind: str) -> None:
    described = client.get("/openapi.json").json()["paths"]["/v1/departments/{department}/events"]["post"]["requestBody"]["content"]
    for name in described[kind]["schema"]["required"]:
        lacking = {member: value for member, value in described[kind]["example"].items() if member != name}
        answer = client.post(EVENTS, content=json.dumps(lacking), headers={"content-type": kind})
        assert answer.status_code == 400 and name in answer.json()["detail"], answer.text
