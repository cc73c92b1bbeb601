"""One id follows a fact from its department to whoever saw it; every process counts what it does."""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from dataclasses import replace
from typing import Any

import httpx
import pytest

from databus.bus import topics
from databus.contract.wire import decode_change, decode_event, decode_time
from databus.department.submission import owned_entry
from databus.local.services import NAMES
from databus.model.keys import organisation_key
from live.drafts import Draft, Firm, accepted, firm, licence, registration, send
from live.feed import lines_of
from live.line import REQUEST_ID, Live, eventually

pytestmark = pytest.mark.live

STAGES = ("1  department", "2  bus", "3  quality", "4  profile", "5  policy", "6  gateway")


def stages(live: Live, identifier: str) -> dict[str, dict[str, str]]:
    """The walk of an id by the numbers of its stages; lines of one name under each other."""
    found: dict[str, dict[str, str]] = {}
    for one in live.json("walk", identifier)["stages"]:
        lines = found.setdefault(one["stage"][0], {})
        for name, value in one["lines"]:
            lines[name] = f"{lines[name]}\n{value}" if name in lines else value
    return found


@pytest.fixture(scope="module")
def about(live: Live) -> Firm:
    return firm("踪迹")


@pytest.fixture(scope="module")
def good(live: Live, about: Firm) -> Draft:
    """An accepted registration."""
    made = registration(live.here, about)
    accepted(live, made)
    return made


def test_the_walk_of_an_accepted_one_has_six_stages_and_its_places(live: Live, about: Firm, good: Draft) -> None:
    told = stages(live, good.submission_id)
    assert set(told) == set("123456")
    assert told["1"]["submission"] == good.submission_id and "LP_REGISTRATION" in told["1"]["fact"]
    assert told["3"]["verdict"] == "accepted"
    assert told["4"]["standing"].startswith("SHOWN") and told["4"]["subject"] == organisation_key(about.uscc)
    for stage, name, topic in (("2", "inbox", topics.inbox(good.department)), ("2", "lies at", "events"), ("4", "lies at", "changes")):
        place = re.match(rf"{re.escape(topic)}\[(\d+)\] offset (\d+)", told[stage][name])
        assert place, told[stage]
        record = next(one for one in live.log(topic) if (one.partition, one.offset) == tuple(map(int, place.groups())))
        assert good.submission_id.encode() in (record.value or b""), (stage, name)
    printed = live.databus("walk", good.submission_id)
    assert [stage for stage in STAGES if stage in printed] == list(STAGES)


def test_the_walk_of_a_rejected_and_of_a_held_one_tells_why(live: Live, about: Firm) -> None:
    number = about.uscc[:-1] + ("1" if about.uscc[-1] == "0" else "0")
    rejected = licence(live.here, Firm(number, about.name))
    held = licence(live.here, about, content="经营者联系电话 13800138000")
    send(live, rejected, held)
    for draft, verdict, rule in ((rejected, "rejected", "DQ-ACC-01"), (held, "held in quarantine", "DQ-SEC-02")):
        told = stages(live, draft.submission_id)
        assert told["3"]["verdict"] == verdict and "4" not in told
        assert rule in told["3"]["finding"], told["3"]
        assert told["6"]["disclosed"] == "nothing yet"
        finding = live.sql("SELECT finding_id FROM findings WHERE submission_id = $1 AND rule = $2", draft.submission_id, rule)[0]
        assert stages(live, finding["finding_id"]) == told, "the id of the finding leads to the same walk"
    assert "13800138000" not in live.databus("walk", held.submission_id)


def test_the_walk_names_the_inbox_it_lay_in_also_where_one_department_ends_what_another_told(live: Live, about: Firm) -> None:
    told = licence(live.here, about, "transport")
    own = {"envelope__op": "REVOKE", "envelope__reason": "行政复议", "envelope__catalog_code": entry(live, "emergency")}
    ended = replace(told.changed(**own), department="emergency")
    accepted(live, told, ended)
    (step,) = live.sql("SELECT department FROM steps WHERE submission_id = $1", ended.submission_id)
    assert step["department"] == "transport", "the record is still what transport told"
    for draft in (told, ended):
        walked = stages(live, draft.submission_id)
        inbox, partition, offset = re.match(r"(.+)\[(\d+)\] offset (\d+)", walked["2"]["inbox"]).groups()  # type: ignore[union-attr]
        assert inbox == topics.inbox(draft.department)
        (record,) = [one for one in live.log(inbox) if (one.partition, one.offset) == (int(partition), int(offset))]
        assert draft.submission_id.encode() in (record.value or b"")
        assert walked["1"]["source"].startswith(draft.department)


def entry(live: Live, department: str) -> str:
    """The entry under which a department reports licences."""
    return owned_entry(live.here.contract, live.here.contract.types["ADMIN_LICENCE"], department).code


def test_an_id_nobody_knows_is_said_to_be_unknown(live: Live) -> None:
    live.databus("walk", str(uuid.uuid4()), code=1)


def test_one_id_is_in_the_headers_the_change_the_store_and_leads_to_the_feed(live: Live, about: Firm, good: Draft) -> None:
    codec, submission = live.here.codec("admin"), good.submission_id
    (event,) = [one for one in live.log(topics.EVENTS) if dict(one.headers).get("databus-submission-id") == submission.encode()]
    known = decode_event(codec, event.value or b"")
    changes = [decode_change(codec, one.value) for one in live.log(topics.CHANGES) if one.value and decode_time(codec, one.value) is None]
    (change,) = [one for one in changes if one.submission_id == submission]
    (step,) = live.sql("SELECT * FROM steps WHERE submission_id = $1", submission)
    (version,) = live.sql("SELECT * FROM record_versions WHERE submission_id = $1", submission)
    assert known.submission_id == submission
    assert {known.event_id} == {change.event_id, step["event_id"], version["event_id"]}
    assert (change.origin_partition, change.origin_offset) == (event.partition, event.offset)
    with live.client("agency-south") as agency:
        outside = live.outside(version["record_key"], version["change_id"])
        (line,) = [line for line in lines_of(agency, limit=1000) if line["step"] == outside[1]]
    assert line["record"] == outside[0] and line["subject"]["key"] == organisation_key(about.uscc)


def test_the_audit_finds_the_curl_just_made(live: Live, about: Firm, good: Draft) -> None:
    request = f"curl-{uuid.uuid4()}"
    url = f"{live.here.gateway}/v1/profiles/{about.uscc}?purpose=P12"
    curl = [
        "curl",
        "--silent",
        "--fail",
        "-H",
        f"Authorization: Bearer {live.token('agency-south')}",
        "-H",
        f"{REQUEST_ID}: {request}",
        url,
    ]
    body = json.loads(subprocess.run(curl, capture_output=True, text=True, check=True, timeout=90).stdout)
    assert body["subject"]["name"] == about.name

    def found(*asked: str) -> list[dict[str, Any]]:
        return [one for one in live.json("audit", "search", *asked) if one["request_id"] == request]

    (decision,) = eventually(lambda: found("--caller", "agency-south", "--subject", about.uscc), 120, "the decision is in the trail")
    assert (decision["caller"], decision["purpose"], decision["subject_key"]) == ("agency-south", "P12", organisation_key(about.uscc))
    assert set(decision["disclosed"]["LP_REGISTRATION"]) == set(body["sections"][0]["records"][0]["fields"])
    assert about.name not in json.dumps(decision, ensure_ascii=False), "the trail names fields and never a value"
    for reason in decision["reasons"]:
        assert found("--reason", reason)
    assert not found("--caller", "agency-north") and not found("--until", "2020-01-01")
    assert stages(live, request)["6"]["request"].startswith(request), "the walk of a request id shows the decision"
    assert request in stages(live, good.submission_id)["6"]["request"], "and so does the walk of what was seen"


def test_every_process_counts_what_it_does(live: Live, about: Firm, good: Draft) -> None:
    with live.client("agency-south") as agency:
        agency.get(f"/v1/profiles/{about.uscc}", params={"purpose": "P12"}).raise_for_status()
    live.settled()
    for name in NAMES:
        assert live.metric(name, "databus_process", process=name) == 1
    counted = {
        "checker": (("databus_records_total", {}), ("databus_outputs_total", {"topic": "events"})),
        "profiler": (("databus_records_total", {}), ("databus_outputs_total", {"topic": "changes"})),
        "projector": (("databus_records_total", {"topic": "changes"}), ("databus_chunk_seconds_count", {})),
        "gateway": (("databus_disclosures_total", {"action": "profile.read"}), ("databus_decision_seconds_count", {})),
    }
    low = [(name, what, labels) for name, all_of in counted.items() for what, labels in all_of if live.metric(name, what, **labels) < 1]
    assert not low
    before = {name: live.metric(name, *of[0][:1], **of[0][1]) for name, of in counted.items() if name != "gateway"}
    wrong = licence(live.here, about, counterparty_kind="没有")
    verdicts = live.metric("checker", "databus_verdicts_total", rule="DQ-ACC-06", verdict="R")
    send(live, licence(live.here, about), wrong)
    eventually(lambda: live.metric("checker", "databus_verdicts_total", rule="DQ-ACC-06", verdict="R") == verdicts + 1, 120, "it counts")
    for name, number in before.items():
        eventually(
            lambda name=name, number=number: live.metric(name, counted[name][0][0], **counted[name][0][1]) > number, 10, f"{name} counts on"
        )


def test_every_process_tells_its_lag_and_its_health(live: Live, good: Draft) -> None:
    for name in NAMES:
        address = live.process(name).address
        assert httpx.get(f"{address}/health/live").status_code == httpx.get(f"{address}/health/ready").status_code == 200
        exposed = httpx.get(f"{address}/metrics").text
        assert "text/plain" in httpx.get(f"{address}/metrics").headers["content-type"]
        if name not in ("gateway", "intake"):  # they answer; they do not follow a topic
            assert re.search(r"^databus_lag_seconds\{", exposed, re.MULTILINE), name


def test_logs_are_lines_of_json_that_name_their_process(live: Live) -> None:
    for name in (*NAMES, "registrar"):
        text = (live.here.settings.home / "logs" / f"{name}.log").read_text("utf-8")
        for line in text.splitlines():
            assert json.loads(line)["process"] == name, line[:200]
