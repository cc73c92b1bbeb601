"""What the daily checks go by, as the store counts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from databus.model.change import Kind
from databus.model.finding import Answer, FindingStatus, Verdict
from databus.store import measures
from databus.store.measures import BATCH_OFFSET, Copy, Filled, Measures, Run
from store.line import FINDING, KNOWN_AT, Line

pytestmark = pytest.mark.live
CODE, DAY = "307004/000004", 86_400_000


async def measured(line: Line, **asked: Any) -> Measures:
    usual: dict[str, Any] = {
        "fields": [(CODE, "remark")],
        "words": ["无"],
        "filled_since": 0,
        "dense": ["ADMIN_PENALTY"],
        "settled": KNOWN_AT + DAY,
    }
    return await measures.measured(line.pool, **{**usual, "entries": [CODE, "307004/000003"], "ended_since": 0, **asked})


async def say(line: Line, name: str, *, seq: int = 1, at: int = 0, payload: dict[str, Any] | None = None, **more: Any) -> None:
    told = {"seq": seq, "known_at": KNOWN_AT + at, "source": "emergency/case", "own": True, "content_hash": name.encode(), **more}
    await line.happen(line.change(name, payload=payload, **told))


async def test_a_field_is_filled_by_what_says_something(line: Line) -> None:
    for number, value in enumerate(("补录", "无", " ", None, "分期缴纳")):
        await say(line, f"r{number}", payload={"remark": value}, record_key=f"p{number}")
    await say(line, "old", at=-DAY, payload={"remark": None}, record_key="old")
    assert (await measured(line, filled_since=KNOWN_AT)).filled == (Filled(CODE, "remark", 2, 5),)


async def test_numbers_missing_between_the_first_and_the_last_are_counted_and_refused_ones_told(line: Line) -> None:
    for seq in (3, 4, 8):
        await say(line, f"s{seq}", seq=seq)
    await say(line, "note", seq=5, op="ANNOTATE", facet="note:1", kind=Kind.NOTED, own=False, body=None)
    await line.find(replace(FINDING, record_key="penalty-1", event_id="refused", verdict=Verdict.REJECT))
    assert (await measured(line)).runs == (Run(CODE, "penalty-1", "submission-s8", (6, 7), 2, 1),)
    assert (await measured(line, settled=KNOWN_AT)).runs == ()
    assert (await measured(line, dense=[])).runs == ()


async def test_each_source_counts_for_itself(line: Line) -> None:
    await say(line, "a", seq=1)
    await say(line, "b", seq=3, source="ecology/other")
    assert (await measured(line)).runs == ()


async def test_the_last_delivery_is_whatever_came_and_else_the_beginning(line: Line) -> None:
    assert (await measured(line)).delivered == ()
    await say(line, "a")
    await line.find(
        replace(FINDING, issued_at=KNOWN_AT + 3 * DAY),
        replace(FINDING, finding_id="daily", inbox_offset=BATCH_OFFSET, issued_at=KNOWN_AT + 9 * DAY),
    )
    told = {one.catalog_code: one.last for one in (await measured(line)).delivered}
    assert told == {CODE: date(2026, 10, 29), "307004/000003": date(2026, 10, 26)}


@pytest.mark.parametrize(
    ("end", "stands"),
    [
        ({"source": "ecology/case", "deciding": True}, True),
        ({"source": "ecology/case", "deciding": False}, False),
        ({"source": "ecology/case", "deciding": True, "withdrawn": True}, False),
        ({"source": "emergency/other", "deciding": True}, False),
    ],
    ids=["ended by the deciding source", "by another", "taken back", "by the same department"],
)
async def test_a_copy_stands_where_the_deciding_source_has_ended_it(line: Line, end: dict[str, Any], stands: bool) -> None:
    await say(line, "copy", deciding=False)
    await say(line, "end", seq=2, op="REVOKE", facet="revoke", kind=Kind.ENDED, own=False, body=None, at=DAY, **end)
    expected = (Copy(CODE, "penalty-1", "submission-copy", date(2026, 10, 27)),) if stands else ()
    assert (await measured(line)).copies == expected
    await say(line, "own", seq=3, op="REVOKE", facet="revoke", kind=Kind.ENDED, own=False, body=None, at=2 * DAY)
    assert (await measured(line)).copies == ()


async def test_what_stands_open_is_what_has_not_been_mended(line: Line) -> None:
    daily = replace(FINDING, rule="DQ-COM-03", inbox_offset=BATCH_OFFSET, verdict=Verdict.WARN)
    await line.find(
        *(replace(daily, finding_id=f"d{number}", field=f"f{number}") for number in range(3)),
        replace(daily, finding_id="one", inbox_offset=4),
    )
    await line.answer(
        Answer("d0", "emergency", FindingStatus.FIXED, by="calendar", at=1),
        Answer("d1", "emergency", FindingStatus.REJECTED, by="clerk", at=1),
    )
    assert [one.finding_id for one in await measures.open_lapses(line.pool, ["DQ-COM-03"])] == ["d1", "d2"]
