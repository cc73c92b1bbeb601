"""A dry run tells what the checks, the profile and policy would say, by their own functions, and leaves no trace."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from databus.model.keys import organisation_key
from databus.model.labels import Standing
from databus.store.present import Present
from department.http.world import EVENTS, World, batch, payload

DRY = {"dry_run": "true"}
SUBJECT = organisation_key("91220102YYYY000207")
RECORD = f"ADMIN_PENALTY|11220000YYYX00046F|吉应急罚〔2026〕1号|{SUBJECT}"


def told(client: TestClient, *items: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """The results of a dry run."""
    answer = client.post(EVENTS, json=batch(*items, **more), params=DRY, headers={"idempotency-key": "k"})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def test_each_item_is_told_what_it_would_come_to(client: TestClient, world: World) -> None:
    held = payload(3, penalty_kinds=["FINE"], fine_yuan="999999999.00")
    results = told(
        client,
        {"payload": payload(1)},
        {"payload": payload(2, uscc="91220102YYYY000208")},
        {"payload": held},
        {"payload": payload(4, decided_at="never")},
    )
    assert [one["outcome"] for one in results] == ["ACCEPTED", "REJECTED", "HELD", "REFUSED"]
    assert [one["rule"] for one in results[0]["findings"]] == ["DQ-TIM-01"]
    assert "DQ-ACC-01" in [one["rule"] for one in results[1]["findings"]] and "record" not in results[1]
    assert "DQ-ACC-09" in [one["rule"] for one in results[2]["findings"]]
    assert [one["rule"] for one in results[3]["problems"]] == ["DQ-FMT-04"]


def test_nothing_is_sent_or_kept(client: TestClient, world: World) -> None:
    told(client, {"payload": payload(1)})
    assert not world.inbox.taken and not world.replies.rows


def test_labels_standing_and_readers_are_told(client: TestClient) -> None:
    [one] = told(client, {"payload": payload(1, legal_rep_id_type="RIC", legal_rep_id_no="220000190001010018")})
    record = one["record"]
    assert (record["publication"], record["standing"], record["rule"]) == ("PUBLIC", "SHOWN", "PUB-2026-GENERAL")
    assert record["standing_until"] > "2027"
    assert one["fields"]["legal_rep_id_no"] == {"class": "INTERNAL", "commercial": "NONE", "privacy": "SENSITIVE", "mask": "id_default"}
    assert "reg_no" not in one["fields"]
    readers = one["readers"]
    assert {"public", "subject", "agency", "agency_with_consent", "department", "department_with_grant", "owner"} <= readers.keys()
    assert readers["public"]["withheld"]["legal_rep_id_no"] == "DENY_NOT_PUBLISHED" and "doc_no" in readers["public"]["kept"]
    assert readers["owner"]["withheld"] == {} and readers["officer"]["visible"] is False
    assert "220000190001010018" not in str(one)


def test_a_class_the_department_narrows_is_the_one_that_counts(client: TestClient) -> None:
    [one] = told(client, {"payload": payload(1)}, envelope={"publication_class": "AUTHORISED"})
    assert one["record"]["publication"] == "AUTHORISED"


@pytest.mark.parametrize(
    ("present", "item", "kind", "fields"),
    [
        (None, {}, "ADDED", None),
        ({"seq": 3}, {}, "CHANGED", ["content", "fine_yuan"]),
        ({"seq": 3, "same": True}, {}, "DUPLICATE", []),
        ({"seq": 2**40 * 2**10}, {"source_seq": 5}, "HISTORY", []),
        ({"seq": 5}, {"source_seq": 5}, "EQUIVOCAL", ["content", "fine_yuan"]),
        ({"seq": 3, "department": "transport"}, {}, "COPY", []),
        ({"seq": 3}, {"op": "REVOKE", "reason": "原决定撤销"}, "ENDED", []),
        ({"seq": 3}, {"op": "REVOKE", "reason": "原决定撤销", "withdrawn": True}, "RESTORED", []),
        ({"seq": 3}, {"op": "ANNOTATE", "note": "objection-1"}, "NOTED", []),
        (None, {"op": "REVOKE", "reason": "原决定撤销"}, "WAITS", []),
    ],
)
def test_what_it_would_do_to_the_record_as_it_stands(
    client: TestClient, world: World, present: dict[str, Any] | None, item: dict[str, Any], kind: str, fields: list[str] | None
) -> None:
    if present is not None:
        stored = payload(1) if present.pop("same", False) else payload(1, fine_yuan="1000.00", content="罚款1000元")
        told_now = {"department": "emergency", "system": "http", "standing": Standing.SHOWN, "payload": stored, **present}
        world.present[SUBJECT, RECORD] = Present(**told_now)
    [one] = told(client, {"payload": payload(1), "envelope": item})
    effect = one["effect"]
    assert effect["kind"] == kind, one
    assert effect["fields"] == fields if fields is not None else "doc_no" in effect["fields"]
    assert ("now" in effect) == (present is not None)


def test_the_attributes_it_would_speak_for_are_told(client: TestClient) -> None:
    [one] = told(client, {"payload": payload(1)})
    assert {"attribute": "name", "as": "PROVISIONAL"} in one["effect"]["asserts"]


def test_the_profile_of_a_person_is_not_looked_up(client: TestClient) -> None:
    person = payload(
        1,
        counterparty_kind="NATURAL_PERSON",
        counterparty_name="样本甲",
        uscc=None,
        person_id_type="RIC",
        person_id_no="220000190001010018",
    )
    [one] = told(client, {"payload": person})
    assert one["outcome"] == "ACCEPTED", one
    assert one["effect"]["kind"] == "UNTOLD" and "220000190001010018" not in str(one)


def test_without_policy_nobody_can_tell(client: TestClient, world: World) -> None:
    world.policy.away = True
    assert client.post(EVENTS, json=batch(), params=DRY).status_code == 503


def test_a_dry_run_is_bounded_and_refuses_secrets_like_any_request(client: TestClient) -> None:
    many = client.post(EVENTS, json=batch(*({"payload": {}} for _ in range(201))), params=DRY)
    secret = client.post(EVENTS, json=batch({"payload": payload(1), "envelope": {"secrecy": "MIMI"}}), params=DRY)
    assert (many.status_code, secret.status_code, secret.json()["rule"]) == (413, 422, "DQ-SEC-01")
