"""The day an answer holds for: the lowest tick applied, in the transaction of what it moved."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from databus.contract import wire
from databus.model.change import Kind
from databus.model.chunk import Record
from databus.model.clock import Tick
from databus.model.labels import Standing
from databus.store import clock, reconciliation, records
from store.line import PUBLIC, TODAY, Line

pytestmark = pytest.mark.live
DAY = (TODAY - date(1970, 1, 1)).days


def ticked(line: Line, day: int, part: int) -> Record:
    return line.record("changes", wire.encode_time(line.codec, Tick(day, part)), part=part)


async def test_the_lowest_of_all_partitions_counts_and_no_day_goes_back(line: Line) -> None:
    assert await clock.lowest(line.pool) is None
    await line.apply([ticked(line, DAY, 0)])
    await line.apply([ticked(line, DAY - 2, 1)])
    assert await clock.lowest(line.pool) == TODAY - timedelta(days=2)
    await line.apply([ticked(line, DAY, 1), ticked(line, DAY - 1, 1)])
    assert await clock.lowest(line.pool) == TODAY


async def test_what_wakes_is_left_out_until_its_tick_and_shown_as_the_tick_left_it(line: Line) -> None:
    await line.happen(line.change("a", wake=DAY), line.change("b", record_key="lasting", wake=None))
    subject = line.change("a").subject_key

    async def seen() -> set[str]:
        return {row.record_key for row in await records.of_subject(line.pool, subject, classes=PUBLIC, today=TODAY)}

    assert await seen() == {"lasting"}
    assert not await clock.reached(line.pool, TODAY)
    before = await reconciliation.count(line.pool)
    step = line.change("t", submission_id="", event_id="event-a", kind=Kind.CHANGED, standing=Standing.SHOWN, wake=DAY + 9)
    await line.apply([*line.changes(step), ticked(line, DAY, 0)])
    assert await seen() == {line.change("a").record_key, "lasting"}
    assert await clock.reached(line.pool, TODAY)
    after = await reconciliation.count(line.pool)
    assert (after.submissions, after.changing, after.other) == (before.submissions, before.changing, before.other + 1)
    assert await reconciliation.places(line.pool) == 2
