"""The intake on the running line: what a department's HTTP client sends is judged like anything else, once, and proved."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from databus.access.accounts import sample_secrets
from databus.bus.topics import inbox
from databus.department import receipt
from databus.department.proof import public_keys
from databus.settings import CHECKOUT
from live.line import Live, eventually, run

pytestmark = pytest.mark.live
DEPARTMENT, TYPE = "emergency", "ADMIN_PENALTY"
EVENTS = f"/v1/departments/{DEPARTMENT}/events"


def token(url: str, client: str, secret: str) -> str:
    answer = httpx.post(f"{url}/oauth/token", data={"grant_type": "client_credentials"}, auth=(client, secret))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


@pytest.fixture
def http(live: Live) -> Iterator[httpx.Client]:
    """The department's own client."""
    url = live.here.intake
    bearer = token(url, DEPARTMENT, sample_secrets(live.here.keys.folder)[DEPARTMENT])
    with httpx.Client(base_url=url, timeout=60.0, headers={"Authorization": f"Bearer {bearer}"}) as client:
        yield client


def payload(**more: Any) -> dict[str, Any]:
    """The shipped example as a decision of its own."""
    told: dict[str, Any] = json.loads((Path(CHECKOUT) / "schemas" / TYPE / "example.json").read_text("utf-8"))["payload"]
    return {**told, "doc_no": f"吉应急罚〔2026〕{uuid.uuid4().int % 10**9}号", **more}


def judged(live: Live, submission_id: str) -> list[str]:
    """The rules a submission broke, as soon as it has been judged."""

    def told() -> list[dict[str, Any]]:
        found = live.sql("SELECT rule FROM findings WHERE submission_id = $1", submission_id)
        return found + live.sql("SELECT '' AS rule FROM steps WHERE submission_id = $1", submission_id)

    return sorted({row["rule"] for row in eventually(told, 240, f"{submission_id} is judged")} - {"", "DQ-TIM-01"})


def test_what_is_accepted_for_delivery_is_judged_and_the_receipt_is_of_what_lies_there(
    live: Live, http: httpx.Client, tmp_path: Path
) -> None:
    body = json.dumps({"record_type": TYPE, "events": [{"payload": payload()}, {"payload": payload(uscc="91220102YYYY000208")}]}).encode()
    answer = http.post(EVENTS, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 202, answer.text
    assert answer.headers["RateLimit-Policy"] == '"department";q=12000;w=60' and ";r=1" in answer.headers["RateLimit"]
    told = answer.json()
    good, bad = (one["submission_id"] for one in told["results"])
    assert judged(live, good) == [] and "DQ-ACC-01" in judged(live, bad)

    record = {(one.partition, one.offset): one for one in live.log(inbox(DEPARTMENT))}
    for one in told["submissions"]:
        found = record[one["partition"], one["offset"]]
        assert one["sha256"] == receipt.digest(found.key, found.value, found.headers) and one["appended_at"] == found.timestamp
    assert http.get("/.well-known/jwks.json").json()["keys"][1]["kid"] in public_keys(live.here.keys.path("receipt-signing.pub"))
    (tmp_path / "receipt.json").write_text(answer.text)
    (tmp_path / "request.json").write_bytes(body)
    said = live.databus("receipt", "verify", str(tmp_path / "receipt.json"), "--source", str(tmp_path / "request.json"))
    assert DEPARTMENT in said
    (tmp_path / "receipt.json").write_text(answer.text.replace(good, bad))
    live.databus("receipt", "verify", str(tmp_path / "receipt.json"), code=1)


def test_a_cloudevent_is_a_submission_like_any(live: Live, http: httpx.Client) -> None:
    told = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": "/cases", "type": f"databus.{TYPE}", "data": {"payload": payload()}}
    answer = http.post(EVENTS, content=json.dumps(told), headers={"content-type": "application/cloudevents+json"})
    assert answer.status_code == 202, answer.text
    assert judged(live, told["id"]) == []
    headers = {f"ce-{name}": one for name, one in {**told, "id": str(uuid.uuid4())}.items() if name != "data"}
    binary = http.post(EVENTS, json={"payload": payload()}, headers=headers)
    assert binary.status_code == 202 and judged(live, headers["ce-id"]) == []


def test_a_repeat_gets_the_same_answer_even_from_another_process(live: Live, http: httpx.Client) -> None:
    key, body = {"Idempotency-Key": f'"{uuid.uuid4()}"'}, {"record_type": TYPE, "events": [{"payload": payload()}]}
    first = http.post(EVENTS, json=body, headers=key)
    assert first.status_code == 202, first.text
    live.restarted("intake")
    again = eventually(lambda: _again(http, body, key), 120, "the intake answers again")
    assert again.content == first.content and again.headers["idempotency-replayed"] == "true"
    assert http.post(EVENTS, json={**body, "envelope": {"note": "x"}}, headers=key).status_code == 422
    submission = first.json()["results"][0]["submission_id"].encode()
    assert sum(submission in (one.value or b"") for one in live.log(inbox(DEPARTMENT))) == 1


def _again(http: httpx.Client, body: dict[str, Any], key: dict[str, str]) -> httpx.Response | None:
    try:
        return http.post(EVENTS, json=body, headers=key)
    except httpx.TransportError:
        return None


def test_a_token_is_for_one_process_and_a_client_for_one_department(live: Live, http: httpx.Client) -> None:
    secrets = sample_secrets(live.here.keys.folder)
    gateway = {"Authorization": f"Bearer {token(live.here.gateway, DEPARTMENT, secrets[DEPARTMENT])}"}
    body = {"record_type": TYPE, "events": [{"payload": payload()}]}
    assert http.post(EVENTS, json=body, headers=gateway).status_code == 401
    agency = {"Authorization": f"Bearer {token(live.here.intake, 'agency-north', secrets['agency-north'])}"}
    assert http.post(EVENTS, json=body, headers=agency).status_code == 403
    assert http.post("/v1/departments/transport/events", json=body).status_code == 403


def test_a_declared_secret_is_nowhere(live: Live, http: httpx.Client) -> None:
    words = "不得外传的内容"
    answer = http.post(EVENTS, json={"record_type": TYPE, "events": [{"envelope": {"secrecy": "MIMI"}, "payload": payload(remark=words)}]})
    assert (answer.status_code, answer.json()["rule"]) == (422, "DQ-SEC-01")
    logs = "".join(path.read_text("utf-8", "replace") for path in (live.here.settings.home / "logs").glob("*.log"))
    assert words not in answer.text + logs and "DQ-SEC-01" in logs
    assert not any(words.encode() in (one.value or b"") for one in live.log(inbox(DEPARTMENT), committed=False))


def test_a_published_file_is_receipted_by_what_lies_in_the_inbox(live: Live, tmp_path: Path) -> None:
    file = tmp_path / "penalties.csv"
    shipped = (Path(CHECKOUT) / "schemas" / TYPE / "samples" / "penalties.csv").read_text("utf-8")
    file.write_text(shipped, "utf-8")
    told = live.json("publish", str(file), "--department", DEPARTMENT, "--type", TYPE)
    receipts = Path(told["receipt"])
    live.databus("receipt", "verify", str(receipts), "--source", str(file))
    listed = [one for line in receipts.read_text("utf-8").splitlines() for one in json.loads(line)["submissions"]]
    assert len(listed) == told["counts"]["ACCEPTED"] and not list(tmp_path.glob("*.taken"))

    published = live.here.settings.model_copy(update={"intake": live.here.settings.intake.model_copy(update={"port": 1})})
    done = run(published, "publish", str(file), "--department", DEPARTMENT, "--type", TYPE, "--json")
    [taken] = tmp_path.glob("*.taken")
    assert done.returncode == 0 and "No receipt yet" in done.stderr and json.loads(done.stdout)["receipt"] is None
    receipts.unlink()
    live.databus("receipt", "request", str(taken), "--department", DEPARTMENT, "--source", str(file), "--into", str(receipts))
    live.databus("receipt", "verify", str(receipts), "--source", str(file))


def test_a_dry_run_says_what_policy_and_the_profile_would_and_leaves_no_trace(live: Live, http: httpx.Client, tmp_path: Path) -> None:
    fact = payload()
    body = {"record_type": TYPE, "events": [{"payload": fact}, {"payload": payload(uscc="91220102YYYY000208")}]}
    before = len(live.log(inbox(DEPARTMENT)))
    answer = http.post(EVENTS, json=body, params={"dry_run": "true"})
    assert answer.status_code == 200, answer.text
    good, bad = answer.json()["results"]
    assert (good["outcome"], bad["outcome"]) == ("ACCEPTED", "REJECTED") and bad["findings"][0]["rule"] == "DQ-ACC-01"
    readers = good["readers"]
    assert readers["public"]["visible"] and "is_final" in readers["public"]["withheld"]
    assert "is_final" in readers["department_with_grant"]["kept"] and not readers["officer"]["visible"]
    assert good["effect"]["kind"] == "ADDED"
    assert len(live.log(inbox(DEPARTMENT))) == before

    sent = http.post(EVENTS, json={"record_type": TYPE, "events": [{"payload": fact}]}).json()["results"][0]["submission_id"]
    eventually(lambda: live.sql("SELECT 1 FROM steps WHERE submission_id = $1", sent), 240, "the fact is in the profile")
    changed = {**body, "events": [{"payload": {**fact, "content": "罚款3000元", "fine_yuan": "3000.00"}}]}
    [again] = http.post(EVENTS, json=changed, params={"dry_run": "true"}).json()["results"]
    assert (again["effect"]["kind"], again["effect"]["fields"]) == ("CHANGED", ["content", "fine_yuan"])

    before, file = len(live.log(inbox(DEPARTMENT))), tmp_path / "facts.ndjson"
    file.write_text(
        "".join(json.dumps(one["payload"], ensure_ascii=False) + "\n" for one in (*body["events"], *changed["events"])), "utf-8"
    )
    told = live.json("publish", str(file), "--department", DEPARTMENT, "--type", TYPE, "--dry-run", code=1)
    [known, refused, other] = told["results"]
    for name in ("outcome", "record", "fields", "readers"):
        assert known[name] == good[name] and other[name] == again[name], name
    assert [one["rule"] for one in refused["findings"]] == [one["rule"] for one in bad["findings"]]
    # What the file's system would tell is a copy of what the department's other system has told.
    assert (other["effect"]["kind"], other["effect"]["now"]) == ("COPY", again["effect"]["now"])
    assert told["untold"] == {} and told["summary"]["readers"]["public"]["rows"] == 2
    assert len(live.log(inbox(DEPARTMENT))) == before
