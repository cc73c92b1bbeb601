"""What the daily job answers: what is overdue, and what a later submission settled without naming it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from databus.model.change import Kind
from databus.model.finding import FindingStatus, Verdict
from databus.store import closing
from store.line import FINDING, KNOWN_AT, Line

pytestmark = pytest.mark.live

# KNOWN_AT is Monday 2026-10-26 in Shanghai; five working days later is Monday 2026-11-02.
DUE = date(2026, 11, 2)
WRONG = replace(FINDING, record_key="penalty-1", event_id="event-old", rule="DQ-ACC-05", field="reg_no", verdict=Verdict.WARN)


async def overdue(line: Line, today: date) -> list[str]:
    return [one.finding_id for one in await closing.overdue(line.pool, today=today, at=KNOWN_AT)]


async def test_a_finding_is_overdue_the_day_after_its_last_and_told_once(line: Line) -> None:
    await line.find(FINDING, replace(FINDING, finding_id="late", rule="DQ-TIM-01", verdict=Verdict.WARN))
    assert await overdue(line, DUE) == []
    assert await overdue(line, date(2026, 11, 3)) == ["finding-1"]
    await line.answer(*(await closing.overdue(line.pool, today=date(2026, 11, 3), at=KNOWN_AT)))
    assert await overdue(line, date(2027, 1, 1)) == []


async def test_pages_go_on_behind_a_finding(line: Line) -> None:
    await line.find(*(replace(FINDING, finding_id=f"f{number}") for number in range(5)))
    first = await closing.overdue(line.pool, today=date(2027, 1, 1), at=1, limit=3)
    rest = await closing.overdue(line.pool, today=date(2027, 1, 1), at=1, after=first[-1].finding_id, limit=3)
    assert [one.finding_id for one in (*first, *rest)] == ["f0", "f1", "f2", "f3", "f4"]


async def mended(line: Line) -> list[str]:
    found = await closing.mended(line.pool, rules=["DQ-ACC-05", "DQ-ACC-08"], at=KNOWN_AT + 9)
    assert all(one.status is FindingStatus.FIXED and one.event_id.startswith("event-") for one in found)
    return [one.finding_id for one in found]


async def say(line: Line, name: str, *, at: int = 1, **more: object) -> None:
    told = {"event_id": f"event-{name}", "known_at": KNOWN_AT + at, "source": "emergency/case", "own": True, "seq": at + 1} | more
    await line.happen(line.change(name, **told))


async def test_the_same_fact_said_again_without_the_fault_fixes_it(line: Line) -> None:
    await say(line, "old", at=0)
    await line.find(WRONG)
    assert await mended(line) == []
    await say(line, "new")
    assert await mended(line) == ["finding-1"]
    (one,) = await closing.mended(line.pool, rules=["DQ-ACC-05"], at=KNOWN_AT + 9)
    assert (one.event_id, one.submission_id, one.by) == ("event-new", "submission-new", "emergency")
    await line.answer(one)
    assert await mended(line) == []


async def test_a_repeat_of_the_fault_fixes_nothing(line: Line) -> None:
    await line.find(WRONG)
    await say(line, "again")
    await line.find(replace(WRONG, finding_id="second", event_id="event-again", issued_at=KNOWN_AT + 1))
    assert await mended(line) == []


@pytest.mark.parametrize(
    "told",
    [
        {"source": "ecology/case"},
        {"at": -1},
        {"op": "REVOKE", "facet": "revoke", "own": False, "kind": Kind.ENDED},
        {"record_key": "penalty-2"},
    ],
    ids=["another department", "said before", "an end", "another record"],
)
async def test_what_else_is_said_fixes_nothing(line: Line, told: dict[str, object]) -> None:
    await say(line, "first", at=0)
    await line.find(WRONG)
    at = told.pop("at", 1)
    await say(line, "other", at=at, **told)  # type: ignore[arg-type]
    assert await mended(line) == []
