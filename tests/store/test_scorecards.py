"""The scorecards against counts made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from databus.bootstrap.followup import keep_scores
from databus.contract.calendar import SHANGHAI
from databus.model.change import Kind
from databus.model.finding import Answer, FindingStatus, Verdict
from databus.quality import scorecards as told
from databus.store import scorecards, scoring
from databus.store.scorecards import Sample, Score
from store.line import FINDING, OTHER, Line

pytestmark = pytest.mark.live

CODE = "307004/000004"
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
TODAY = date(2026, 4, 20)


def at(day: int, month: int = 3, hour: int = 12) -> int:
    return int(datetime(2026, month, day, hour, tzinfo=SHANGHAI).timestamp() * 1000)


async def say(line: Line, name: str, when: int, *, record: str = "", kind: Kind = Kind.ADDED, **more: Any) -> None:
    payload = more.pop("payload", None)
    usual = {"record_key": record or f"r-{name}", "known_at": when, "source": "emergency/case", "own": True, "content_hash": name.encode()}
    await line.happen(line.change(name, kind=kind, pv=None if kind is Kind.DUPLICATE else 1, payload=payload, **{**usual, **more}))


async def counted(line: Line, *, today: date = TODAY) -> dict[tuple[str, str], tuple[int, int]]:
    """Numerator and denominator by month and metric, of the one entry."""
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=SHANGHAI)
    await keep_scores(line.pool, line.contract, instant=noon)
    found = await scorecards.by_entry(line.pool, "emergency", first=date(2020, 1, 1), last=date(2030, 1, 1))
    return {
        (score.month.strftime("%m"), score.metric): (score.numerator, score.denominator) for score in found if score.catalog_code == CODE
    }


def finding(name: str, rule: str, verdict: Verdict, event: str, when: int, **more: Any) -> Any:
    return replace(FINDING, finding_id=name, rule=rule, verdict=verdict, event_id=event, issued_at=when, submission_id=f"s-{event}", **more)


async def test_records_are_received_refused_late_contradicting_and_doubled(line: Line) -> None:
    for number in range(4):
        await say(line, f"a{number}", at(3 + number))
    await say(line, "again", at(9), record="r-a0", kind=Kind.DUPLICATE)
    await say(line, "mended", at(10), record="refused-1")
    await line.find(
        finding("f1", "DQ-ACC-01", Verdict.REJECT, "e-1", at(4), record_key="refused-1"),
        finding("f2", "DQ-COM-01", Verdict.REJECT, "e-1", at(4), record_key="refused-1"),
        finding("f3", "DQ-SEC-02", Verdict.HOLD, "e-2", at(31, hour=23), record_key=""),
        finding("f4", "DQ-TIM-01", Verdict.WARN, "event-a1", at(4)),
        finding("f5", "DQ-CONS-01", Verdict.HOLD, "event-a2", at(5)),
        finding("f6", "DQ-ACC-05", Verdict.WARN, "event-a3", at(6)),
    )
    scores = await counted(line)
    # Six records: four good ones, one that was refused first, one unreadable; the hold of the profile refuses nothing.
    assert scores["03", "pass_rate"] == (4, 6)
    assert (scores["03", "late_rate"], scores["03", "timely_rate"]) == ((1, 6), (5, 6))
    assert scores["03", "consistency"] == (4, 5)
    assert scores["03", "duplicate_rate"] == (1, 6)
    assert scores["03", "code_coverage"] == (5, 5)
    assert scores["03", "coverage"] == (1, 1) and scores["04", "coverage"] == (0, 1)


async def test_cells_that_should_be_filled_are_counted_and_words_for_nothing_are_none(line: Line) -> None:
    await say(line, "full", at(3))
    await say(line, "poor", at(4), payload={"remark": None, "legal_rep_name": "无", "doc_no": " "})
    cells = len([1 for code, _ in told.asked(line.contract, since=MARCH, today=TODAY).cells if code == CODE])
    full = sum(value not in (None, "", []) for value in (await first_payload(line)).values())
    filled, of = (await counted(line))["03", "completeness"]
    assert of == 2 * cells and cells <= full and filled in (2 * cells - 2, 2 * cells - 3)


async def first_payload(line: Line) -> dict[str, Any]:
    (row,) = await line.rows("SELECT payload FROM facts WHERE event_id = 'event-full'")
    return dict(row["payload"])


async def test_months_are_those_of_shanghai(line: Line) -> None:
    await say(line, "march", at(31, hour=23))
    await say(line, "april", at(1, 4, hour=0))
    scores = await counted(line)
    assert (scores["03", "pass_rate"], scores["04", "pass_rate"]) == ((1, 1), (1, 1))


async def test_findings_are_fixed_in_time_or_late_or_not_yet_due(line: Line) -> None:
    await say(line, "x", at(2))
    names = ("fixed", "late", "objected", "open", "waiting")
    await line.find(*(finding(name, "DQ-ACC-05", Verdict.WARN, "event-x", at(3), field=name) for name in names[:4]))
    await line.find(
        finding("waiting", "DQ-ACC-05", Verdict.WARN, "event-x", at(17, 4), field="w"),
        finding("tim", "DQ-TIM-01", Verdict.WARN, "event-x", at(3)),
    )
    # Issued on Tuesday 3 March 2026: due on Tuesday 10 March.
    await line.answer(
        Answer("fixed", "emergency", FindingStatus.FIXED, by="x", at=at(5)),
        Answer("late", "emergency", FindingStatus.FIXED, by="x", at=at(11)),
        Answer("objected", "emergency", FindingStatus.REJECTED, by="x", at=at(10, hour=23)),
    )
    scores = await counted(line)
    assert scores["03", "fix_rate"] == (2, 4)
    assert ("04", "fix_rate") not in scores
    assert scores["03", "fix_days"] == (2, 2)


async def test_an_entry_keeps_its_cycle_or_does_not(line: Line) -> None:
    # The entry is continuous: ten working days of silence are allowed. 31 March and 20 April 2026 are such days apart.
    await say(line, "x", at(18))
    scores = await counted(line)
    assert (scores["03", "update_timely_rate"], scores["04", "update_timely_rate"]) == ((1, 1), (0, 1))


async def test_only_months_about_which_something_was_written_are_counted_again(line: Line) -> None:
    await say(line, "x", at(3))
    await counted(line)
    await line.rows("UPDATE scorecards SET numerator = 77 WHERE metric = 'pass_rate' RETURNING 1")
    assert (await counted(line))["03", "pass_rate"] == (77, 1)
    await say(line, "y", at(2, 4))
    assert (await counted(line))["03", "pass_rate"] == (77, 1)
    late = line.change("z", record_key="r-z", known_at=at(4), source="emergency/case", own=True, content_hash=b"z")
    await line.apply([replace(record, timestamp=at(10, 4)) for record in line.changes(late)])
    assert (await counted(line))["03", "pass_rate"] == (2, 2)
    noon = datetime(2026, 4, 20, 12, tzinfo=SHANGHAI)
    assert await keep_scores(line.pool, line.contract, instant=noon, everything=True) == MARCH


async def test_nothing_is_counted_of_nothing(line: Line) -> None:
    assert await keep_scores(line.pool, line.contract) is None
    assert await scorecards.months(line.pool) == ()
    assert (await scoring.reach(line.pool))[0] is None


async def test_what_samples_found_stands_beside_and_is_replaced_by_the_same_check(line: Line) -> None:
    await say(line, "x", at(3))
    sample = Sample(MARCH, "emergency", CODE, "accuracy", 9, 10, "2026 spring check")
    await scorecards.keep_samples(line.pool, [sample, replace(sample, source="another", numerator=5)])
    await scorecards.keep_samples(line.pool, [replace(sample, numerator=8)])
    await keep_scores(line.pool, line.contract, instant=datetime(2026, 4, 20, 12, tzinfo=SHANGHAI), everything=True)
    found = await scorecards.by_entry(line.pool, "emergency", first=MARCH, last=MARCH)
    assert [(one.numerator, one.denominator) for one in found if one.metric == "accuracy"] == [(13, 20)]


async def test_departments_add_up_their_entries_and_medians_do_not(line: Line) -> None:
    await say(line, "x", at(3))
    await say(line, "y", at(3), record_type="ADMIN_LICENCE", subject_key=OTHER, payload={"e_catalog_code": "307004/000003"})
    await counted(line)
    found = await scorecards.by_department(line.pool, "", first=MARCH, last=MARCH, medians=["fix_days"])
    assert [(one.department, one.numerator, one.denominator) for one in found if one.metric == "pass_rate"] == [("emergency", 2, 2)]
    assert await scorecards.months(line.pool, "emergency") == (APRIL, MARCH)
    assert await scorecards.by_entry(line.pool, "a\x00", first=MARCH, last=MARCH) == ()


def test_a_small_number_is_suppressed() -> None:
    assert Score(MARCH, "emergency", CODE, "pass_rate", 4, 4).share(5) is None
    assert Score(MARCH, "emergency", CODE, "pass_rate", 4, 5).share(5) == 0.8
