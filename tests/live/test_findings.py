"""A finding's way back: told, acknowledged, corrected by a submission that names it; and what time does to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from databus.bootstrap.followup import Followed, follow_up
from databus.bootstrap.parts import now
from databus.bus.journal import Journal
from databus.store.sessions import Pool
from live.drafts import Draft, accepted, firm, licence, send
from live.line import Live, eventually
from live.test_intake import http, token

pytestmark = pytest.mark.live
__all__ = ["http", "token"]

WHO = ("--department", "transport")


def findings(live: Live, draft: Draft) -> list[dict[str, str]]:
    """Those of a draft that can be mended; it is late as well."""
    return live.sql("SELECT * FROM findings WHERE submission_id = $1 AND rule <> 'DQ-TIM-01' ORDER BY rule", draft.submission_id)


@pytest.fixture
def wrong(live: Live) -> Iterator[Draft]:
    """A licence without its number's right form, and without a required field."""
    made = licence(live.here, firm("反馈")).changed(doc_no="无文号1", authority_name="暂无")
    send(live, made)
    yield made


def test_a_finding_goes_from_the_department_s_answer_to_the_submission_that_fixes_it(live: Live, wrong: Draft) -> None:
    found = {one["rule"]: one["finding_id"] for one in findings(live, wrong)}
    assert set(found) == {"DQ-ACC-08", "DQ-COM-01"}
    assert live.json("findings", "ack", found["DQ-COM-01"], *WHO, "--by", "clerk")["shown"] is True
    listed = live.json("findings", *WHO, "--status", "ACK", "--rule", "DQ-COM-01")
    assert [one["answer"]["by"] for one in listed if one["finding_id"] == found["DQ-COM-01"]] == ["clerk"]
    for language, remedy in (("en", "fill the field in"), ("zh", "补全该项后重新报送")):
        table = live.databus("findings", *WHO, "--rule", "DQ-COM-01", "--limit", "1", "--lang", language)
        assert remedy in " ".join(table.split()) and " · " not in table
    refusal = live.databus("findings", "ack", found["DQ-COM-01"], *WHO, code=1)
    assert not refusal
    right = wrong.changed(doc_no="吉许测〔2026〕777号", authority_name=wrong.record_type.zh)
    named = tuple(("databus-fixes", one.encode()) for one in found.values())
    accepted(live, replace(right, headers=named))
    eventually(lambda: {one["status"] for one in findings(live, wrong)} == {"FIXED"}, 120, "both findings fixed")
    (one,) = [one for one in live.json("findings", *WHO, "--status", "FIXED") if one["finding_id"] == found["DQ-COM-01"]]
    assert one["answer"]["fixed_by"]["submission_id"] == right.submission_id
    told = live.sql('SELECT status, "by" FROM answers WHERE finding_id = $1 ORDER BY "offset"', found["DQ-COM-01"])
    assert [(row["status"], row["by"]) for row in told] == [("ACK", "clerk"), ("FIXED", "transport")]


def test_an_objection_needs_its_reason(live: Live, wrong: Draft) -> None:
    name = next(one["finding_id"] for one in findings(live, wrong) if one["rule"] == "DQ-ACC-08")
    live.databus("findings", "reject", name, *WHO, code=2)
    live.databus("findings", "reject", name, *WHO, "--reason", "否", code=1)
    told = live.json("findings", "reject", name, *WHO, "--reason", "原件文号如此")
    assert (told["status"], told["reason"], told["shown"]) == ("REJECTED", "原件文号如此", True)


def test_what_nobody_mends_is_overdue_and_what_was_said_anew_is_settled(live: Live, wrong: Draft) -> None:
    again = licence(live.here, firm("补正")).changed(reg_no="110108000000015")
    send(live, again)
    accepted(live, again.changed(reg_no="110108000000016"))
    done = live.here.ask(lambda pool: followed(live, pool))
    assert done.fixed >= 1 and done.overdue >= 2
    eventually(lambda: {one["status"] for one in findings(live, wrong)} == {"OVERDUE"}, 120, "overdue")
    eventually(lambda: [one["status"] for one in findings(live, again) if one["rule"] == "DQ-ACC-05"] == ["FIXED"], 120, "settled")
    assert {one["status"] for one in live.json("findings", *WHO, "--status", "OPEN")} <= {"ISSUED", "ACK", "OVERDUE"}


async def followed(live: Live, pool: Pool) -> Followed:
    """The daily job as the projector runs it, thirty days on."""
    codec = await asyncio.to_thread(live.here.codec, "projector")
    async with Journal(live.here.address("projector")) as journal:
        return await follow_up(pool, journal, codec, live.here.contract, instant=now() + timedelta(days=30))


def test_a_steward_lets_a_held_submission_pass(live: Live) -> None:
    held = licence(live.here, firm("放行")).changed(content="负责人电话13912345678")
    send(live, held)
    (one,) = findings(live, held)
    assert (one["rule"], one["verdict"]) == ("DQ-SEC-02", "H")
    told = live.json("findings", "waive", one["finding_id"], *WHO, "--by", "steward", "--reason", "号码为公开的服务热线")
    assert told["passed"] is True and told["waived"] == [["DQ-SEC-02", "content"]]
    [decided] = eventually(lambda: live.json("audit", "search", "--caller", "steward"), 120, "the waiver is in the trail")
    assert (decided["action"], decided["reasons"]) == ("findings.waive", ["OK_STEWARD"])
    assert live.sql("SELECT 1 FROM steps WHERE submission_id = $1", held.submission_id)
    (after,) = findings(live, held)
    assert (after["status"], after["answered_by"], after["answer"]) == ("FIXED", "steward", "号码为公开的服务热线")
    way = " ".join(live.databus("walk", held.submission_id).split())
    assert "verdict accepted" in way and "FIXED by steward" in way and "号码为公开的服务热线" in way, "why it passed though it was held"
    live.databus("findings", "waive", one["finding_id"], *WHO, "--by", "steward", "--reason", "再放行一次", code=1)


def test_scorecards_are_counted_by_entry_and_for_all(live: Live, wrong: Draft) -> None:
    told = live.json("scorecards", "--department", "transport", "--month", f"{now():%Y-%m}")
    (rate,) = [one for one in told if (one["metric"], one["catalog_code"]) == ("pass_rate", "307005/000003")]
    assert rate["denominator"] > 0 and rate["numerator"] < rate["denominator"]
    assert rate["share"] is None or rate["denominator"] >= 5
    table = live.databus("scorecards", "--lang", "zh")
    assert "合格率" in table and "transport" in table
    live.databus("scorecards", "--department", "nobody", code=1)


def test_a_department_reads_and_answers_its_findings_by_http(live: Live, http: httpx.Client) -> None:
    made = licence(live.here, firm("回话"), department="emergency").changed(doc_no="无文号2")
    send(live, made)
    path = "/v1/departments/emergency/findings"
    told = http.get(path, params={"rule": "DQ-ACC-08", "limit": 1000}).json()["findings"]
    (one,) = [one for one in told if one["submission_id"] == made.submission_id]
    assert (one["status"], one["field"], one["due_on"] is not None) == ("ISSUED", "doc_no", True)
    answer = http.post(f"{path}/{one['finding_id']}/answers", json={"status": "REJECTED", "reason": "原件文号如此"})
    assert (answer.status_code, answer.json()["by"]) == (202, "emergency")
    shown = eventually(lambda: http.get(f"{path}/{one['finding_id']}").json()["answers"], 120, "the answer is shown")
    assert [(word["status"], word["reason"]) for word in shown] == [("REJECTED", "原件文号如此")]
    assert http.get("/v1/departments/transport/findings").status_code == 403
    assert httpx.get(f"{live.here.intake}{path}").status_code == 401
