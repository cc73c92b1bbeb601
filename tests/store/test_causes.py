"""Findings by cause: counted once, in their part of the time, by where they stand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from databus.model.finding import Answer, FindingStatus, Verdict
from databus.store import causes
from store.line import FINDING, KNOWN_AT, Line

pytestmark = pytest.mark.live
SINCE, UNTIL = KNOWN_AT, KNOWN_AT + 400


async def test_causes_are_counted_by_where_they_stand_and_when_they_were_issued(line: Line) -> None:
    at = (0, 99, 100, 399)
    found = [replace(FINDING, finding_id=f"f{number}", issued_at=SINCE + later) for number, later in enumerate(at)]
    other = replace(FINDING, finding_id="w", issued_at=SINCE, rule="DQ-TIM-01", field="", verdict=Verdict.WARN)
    outside = [replace(FINDING, finding_id=f"o{number}", issued_at=moment) for number, moment in enumerate((SINCE - 1, UNTIL))]
    await line.find(*found, other, *outside, replace(FINDING, finding_id="e", department="ecology", issued_at=SINCE))
    for finding_id, status in (("f0", FindingStatus.FIXED), ("f1", FindingStatus.OVERDUE), ("w", FindingStatus.REJECTED)):
        await line.answer(Answer(finding_id, "emergency", status, by="x", at=UNTIL))

    one, two = await causes.by_cause(line.pool, "emergency", since=SINCE, until=UNTIL, slots=4)
    assert (one.rule, one.field, one.record_type, one.verdict) == (FINDING.rule, FINDING.field, FINDING.record_type, FINDING.verdict)
    assert (one.slots, one.found, one.waiting, one.overdue, one.latest) == ((2, 1, 0, 1), 4, 3, 1, SINCE + 399)
    assert one.due is not None
    assert (two.rule, two.slots, two.waiting, two.due) == ("DQ-TIM-01", (1, 0, 0, 0), 0, None)


async def test_nothing_found_is_no_cause(line: Line) -> None:
    for department in ("emergency", "a\x00"):
        assert await causes.by_cause(line.pool, department, since=SINCE, until=UNTIL, slots=4) == ()
