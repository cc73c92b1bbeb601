"""Findings by what is asked, and what their answers may make of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from databus.contract import wire
from databus.contract.calendar import SHANGHAI
from databus.model.finding import Answer, FindingStatus, Verdict
from databus.store import findings, retention
from databus.store.findings import Filter
from store.line import FINDING, KNOWN_AT, Line

pytestmark = pytest.mark.live

ISSUED, ACK, FIXED = FindingStatus.ISSUED, FindingStatus.ACK, FindingStatus.FIXED
REJECTED, OVERDUE = FindingStatus.REJECTED, FindingStatus.OVERDUE


def said(status: FindingStatus, at: int = KNOWN_AT + 1, **more: str) -> Answer:
    return Answer("finding-1", more.pop("department", "emergency"), status, by=more.pop("by", "clerk"), at=at, **more)  # type: ignore[arg-type]


async def status(line: Line) -> str:
    (one,) = await findings.page(line.pool, "emergency")
    return one.status.value


async def test_findings_come_the_latest_first_and_a_page_goes_on_behind_the_last(line: Line) -> None:
    found = [replace(FINDING, finding_id=f"f{number}", issued_at=KNOWN_AT + number // 2) for number in range(5)]
    await line.find(*found, replace(FINDING, finding_id="other", department="ecology"))
    first = await findings.page(line.pool, "emergency", limit=3)
    rest = await findings.page(line.pool, "emergency", after=findings.place(first[-1]))
    assert [one.finding.finding_id for one in (*first, *rest)] == ["f4", "f2", "f3", "f0", "f1"]
    assert first[1].finding == found[2] and first[1].answer is None


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Filter(), {"a", "b", "c"}),
        (Filter(states=["ACK"]), {"b"}),
        (Filter(states=[]), set()),
        (Filter(verdicts=["W", "H"]), {"b", "c"}),
        (Filter(rule="DQ-ACC-01"), {"b"}),
        (Filter(record_type="ADMIN_LICENCE"), {"c"}),
        (Filter(catalog_code="307004/000003"), {"c"}),
        (Filter(field="uscc"), {"b"}),
        (Filter(since=KNOWN_AT + 1), {"b", "c"}),
        (Filter(since=KNOWN_AT + 1, until=KNOWN_AT + 2), {"b"}),
        (Filter(rule="\x00"), set()),
    ],
)
async def test_findings_are_found_by_all_that_is_asked(line: Line, asked: Filter, found: set[str]) -> None:
    await line.find(
        replace(FINDING, finding_id="a"),
        replace(FINDING, finding_id="b", issued_at=KNOWN_AT + 1, rule="DQ-ACC-01", field="uscc", verdict=Verdict.WARN),
        replace(
            FINDING, finding_id="c", issued_at=KNOWN_AT + 2, record_type="ADMIN_LICENCE", catalog_code="307004/000003", verdict=Verdict.HOLD
        ),
    )
    await line.answer(replace(said(ACK), finding_id="b"))
    assert {one.finding.finding_id for one in await findings.page(line.pool, "emergency", asked)} == found


@pytest.mark.parametrize(
    ("issued", "due"),
    [
        # Spring Festival 2026: 15 to 23 February free, the Saturdays 14 and 28 February worked.
        (date(2026, 2, 12), date(2026, 2, 26)),
        (date(2026, 2, 25), date(2026, 3, 3)),
        # Beyond what is known of the calendar weekdays count.
        (date(2027, 3, 4), date(2027, 3, 11)),
    ],
)
async def test_the_last_day_is_counted_in_working_days(line: Line, issued: date, due: date) -> None:
    at = int(datetime(issued.year, issued.month, issued.day, 23, 59, tzinfo=SHANGHAI).timestamp() * 1000)
    await line.find(replace(FINDING, issued_at=at))
    (one,) = await findings.page(line.pool, "emergency")
    assert one.due == due


async def test_what_cannot_be_mended_has_no_last_day(line: Line) -> None:
    await line.find(replace(FINDING, rule="DQ-TIM-01", verdict=Verdict.WARN))
    assert [one.due for one in await findings.page(line.pool, "emergency")] == [None]


@pytest.mark.parametrize(
    ("answers", "stands"),
    [
        ([ACK], ACK),
        ([ACK, ACK], ACK),
        ([OVERDUE], OVERDUE),
        ([ACK, OVERDUE], OVERDUE),
        ([OVERDUE, ACK], OVERDUE),
        ([ACK, OVERDUE, FIXED], FIXED),
        ([REJECTED], REJECTED),
        ([REJECTED, OVERDUE], REJECTED),
        ([REJECTED, FIXED], FIXED),
        ([FIXED, REJECTED], FIXED),
        ([FIXED, ACK, OVERDUE], FIXED),
    ],
)
async def test_a_state_follows_only_those_it_may(line: Line, answers: list[FindingStatus], stands: FindingStatus) -> None:
    await line.find(FINDING)
    told = [said(one, KNOWN_AT + number) for number, one in enumerate(answers)]
    records = [line.record("findings", wire.encode_answer(line.codec, one)) for one in told]
    await line.apply(records)
    assert await status(line) == stands
    await line.apply(records)
    await line.find(FINDING)
    assert await status(line) == stands


async def test_a_finding_that_is_fixed_keeps_what_was_observed_even_if_issued_again(line: Line) -> None:
    await line.find(replace(FINDING, observed="别家"))
    await line.answer(said(FIXED, record_type="ADMIN_PENALTY", submission_id="submission-y"))
    await line.find(replace(FINDING, observed="别家"))
    story = await findings.story(line.pool, "emergency", "finding-1")
    assert story is not None and story.tracked.answer is not None
    assert (story.tracked.finding.observed, story.tracked.status, story.tracked.answer.submission_id) == ("别家", FIXED, "submission-y")


async def test_every_transition_is_kept_with_who_when_and_why(line: Line) -> None:
    await line.find(
        FINDING, replace(FINDING, finding_id="beside", field="payload.other"), replace(FINDING, finding_id="elsewhere", event_id="e")
    )
    await line.answer(said(ACK), said(OVERDUE, KNOWN_AT + 2, by="calendar"), said(ACK, KNOWN_AT + 3))
    await line.answer(said(FIXED, KNOWN_AT + 4, by="emergency", record_type="ADMIN_PENALTY", event_id="e-2", submission_id="s-2"))
    story = await findings.story(line.pool, "emergency", "finding-1")
    assert story is not None
    assert [(one.status, one.by) for one in story.answers] == [(ACK, "clerk"), (OVERDUE, "calendar"), (FIXED, "emergency")]
    assert story.tracked.answer is not None and (story.tracked.answer.event_id, story.tracked.answer.submission_id) == ("e-2", "s-2")
    assert [one.finding.finding_id for one in story.beside] == ["beside"]
    assert await findings.story(line.pool, "ecology", "finding-1") is None
    assert await findings.story(line.pool, "emergency", "a\x00") is None
    found = await findings.of_events(line.pool, "emergency", [FINDING.event_id, "none"])
    assert sorted((one.finding.finding_id, one.status) for one in found) == [("beside", ISSUED), ("finding-1", FIXED)]
    assert await findings.of_events(line.pool, "ecology", [FINDING.event_id]) == ()


async def test_nobody_answers_for_another_and_another_kind_of_record_fixes_nothing(line: Line) -> None:
    await line.find(FINDING)
    await line.answer(
        said(FIXED, department="ecology"), said(FIXED, record_type="ADMIN_LICENCE"), replace(said(FIXED), finding_id="unknown")
    )
    assert await status(line) == "ISSUED"
    await line.answer(said(FIXED, record_type="ADMIN_PENALTY"))
    assert await status(line) == "FIXED"


async def test_an_unreadable_submissions_finding_is_fixed_by_any_type(line: Line) -> None:
    await line.find(replace(FINDING, record_type="", rule="DQ-FMT-01"))
    await line.answer(said(FIXED, record_type="ADMIN_LICENCE"))
    assert await status(line) == "FIXED"


async def test_answers_leave_with_their_finding(line: Line) -> None:
    await line.find(FINDING)
    await line.answer(said(REJECTED, reason="原件无误"))
    await retention.prune(line.pool, now=KNOWN_AT + 401 * 86_400_000)
    assert await line.rows("SELECT * FROM answers") == []


async def test_findings_of_submissions_are_the_departments_own(line: Line) -> None:
    await line.find(
        FINDING, replace(FINDING, finding_id="foreign", department="ecology"), replace(FINDING, finding_id="z", submission_id="z")
    )
    assert await findings.of_submissions(line.pool, "emergency", ["submission-x", "nothing"]) == (FINDING,)
