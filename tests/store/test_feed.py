"""Steps of a feed: each once, in order, judged by what the record is now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date

import pytest

from databus.errors import Gone
from databus.model.change import Kind
from databus.model.labels import Standing
from databus.store import feed, records, retention
from databus.store.versions import Version
from store.line import FINDING, INTERNAL, KNOWN_AT, OPEN, PUBLIC, TODAY, Line

pytestmark = pytest.mark.live

REVOKED = replace(OPEN, standing=Standing.REVOKED)
DAY = 86_400_000


async def read(line: Line, vector: Version | None = None, *, limit: int = 100, classes: Collection[int] = PUBLIC) -> feed.Steps:
    return await records.steps(line.pool, vector=vector or Version(), classes=classes, today=TODAY, limit=limit)


def told(steps: feed.Steps) -> list[tuple[str, bool]]:
    return [(row.record.event_id.removeprefix("event-"), row.withdrawn) for row in steps.rows]


async def test_steps_come_once_in_order_whatever_the_size_of_a_call(line: Line) -> None:
    for part in (0, 2, 5):
        await line.happen(*(line.change(f"{part}{step}", record_key=f"r{part}", kind=Kind.CHANGED) for step in "abc"), part=part)
    whole = await read(line)
    assert told(whole) == [(f"{part}{step}", False) for part in (0, 2, 5) for step in "abc"]
    assert not whole.more and whole.version == await records.vector(line.pool)
    for limit in (1, 2, 3, 4, 9):
        vector, found = Version(), []
        while (steps := await read(line, vector, limit=limit)).rows:
            assert len(steps.rows) <= limit
            found += told(steps)
            vector = steps.version
        assert found == told(whole) and vector == whole.version
    assert (await read(line, limit=9)).more is False and (await read(line, limit=8)).more is True


async def test_the_scan_is_bounded_and_goes_on_where_it_stopped(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SCANNED", 3)
    for part in (0, 1):
        hidden = [line.change(f"h{part}{number}", record_key=f"h{number}", label_class=INTERNAL) for number in range(4)]
        await line.happen(*hidden, line.change(f"v{part}", record_key="v"), part=part)
    vector, found, calls, whole = Version(), [], 0, False
    while not whole:
        steps = await read(line, vector)
        found, vector, calls, whole = found + told(steps), steps.version, calls + 1, steps.whole
        assert not steps.more, "what may not be seen is never announced as more"
    assert found == [("v0", False), ("v1", False)] and calls > 2
    assert vector == await records.vector(line.pool)


@pytest.mark.parametrize("limit", [0, 1, 2, 3])
async def test_whether_there_is_more_depends_on_what_may_be_seen_alone(line: Line, limit: int) -> None:
    await line.happen(*(line.change(f"v{number}", record_key=f"v{number}") for number in range(2)))
    before = await read(line, limit=limit)
    for part in (0, 1):
        await line.happen(
            *(line.change(f"h{part}{number}", record_key=f"h{number}", label_class=INTERNAL) for number in range(3)), part=part
        )
    after = await read(line, limit=limit)
    assert (told(before), before.more) == (told(after), after.more) and before.more is (limit < 2)
    assert [name for name, _ in told(before)] == ["v0", "v1"][:limit]


async def test_a_withdrawn_record_leaves_only_as_its_withdrawal_and_once(line: Line) -> None:
    await line.happen(line.change("a"), line.change("b", kind=Kind.CHANGED))
    cursor = (await read(line)).version
    await line.happen(
        line.change("c", kind=Kind.ENDED, label_class=REVOKED),
        line.change("d", kind=Kind.NOTED, label_class=REVOKED),
    )
    assert told(await read(line, cursor)) == told(await read(line)) == [("c", True)]
    (row,) = (await read(line, cursor)).rows
    assert row.record.payload is None and row.record.record_key == "penalty-1"
    after = (await read(line, cursor)).version
    await line.happen(line.change("e", kind=Kind.NOTED, label_class=REVOKED))
    assert told(await read(line, after)) == []


async def test_a_restored_record_is_told_again_with_its_content(line: Line) -> None:
    await line.happen(line.change("a"), line.change("b", kind=Kind.ENDED, label_class=REVOKED), line.change("c", kind=Kind.RESTORED))
    steps = await read(line)
    assert told(steps) == [("a", False), ("b", False), ("c", False)]
    assert steps.rows[2].kind == Kind.RESTORED and steps.rows[2].record.payload is not None


async def test_a_deleted_record_leaves_as_its_withdrawal(line: Line) -> None:
    deleted = replace(OPEN, standing=Standing.DELETED)
    await line.happen(line.change("a"), line.change("b", kind=Kind.ENDED, standing=Standing.DELETED, label_class=deleted, body=None))
    assert told(await read(line)) == [("b", True)]


async def test_a_record_never_visible_is_never_told_not_even_as_withdrawn(line: Line) -> None:
    hidden = replace(INTERNAL, standing=Standing.REVOKED)
    await line.happen(line.change("a", label_class=INTERNAL), line.change("b", kind=Kind.ENDED, label_class=hidden))
    await line.happen(line.change("c", kind=Kind.HISTORY, pv=None), line.change("d", kind=Kind.DUPLICATE, pv=None))
    steps = await read(line)
    assert steps.rows == () and not steps.more


async def test_a_held_record_waits(line: Line) -> None:
    today = (TODAY - date(1970, 1, 1)).days
    await line.happen(line.change("a", wake=today))
    assert told(await read(line)) == []
    await line.happen(line.change("b", kind=Kind.CHANGED, wake=today + 30))
    assert told(await read(line, Version(1, {0: 0}))) == [("b", False)]


async def test_what_a_feed_told_and_a_snapshot_hold_the_same(line: Line) -> None:
    await line.happen(*(line.change(f"a{number}", record_key=f"r{number}") for number in range(5)))
    copy = {row.record.record_key: row.record.event_id for row in (await read(line)).rows}
    cursor = (await read(line)).version
    await line.happen(
        line.change("b1", record_key="r1", kind=Kind.CHANGED),
        line.change("b2", record_key="r2", kind=Kind.ENDED, label_class=REVOKED),
        line.change("b3", record_key="r9"),
    )
    for row in (await read(line, cursor)).rows:
        copy.pop(row.record.record_key, None)
        if not row.withdrawn:
            copy[row.record.record_key] = row.record.event_id
    now = await records.of_subject(line.pool, row.record.subject_key, classes=PUBLIC, today=TODAY)
    assert copy == {record.record_key: record.event_id for record in now}


async def test_pruning_raises_the_floor_keeps_what_stands_and_refuses_older_cursors(line: Line) -> None:
    old, young = KNOWN_AT - 500 * DAY, KNOWN_AT - 10 * DAY
    await line.happen(
        line.change("a", known_at=old),
        line.change("b", known_at=old, kind=Kind.CHANGED),
        line.change("c", known_at=old, record_key="stands"),
        line.change("d", known_at=young, kind=Kind.CHANGED),
        line.change("e", known_at=young, kind=Kind.CHANGED),
    )
    assert await records.floor(line.pool) == Version()
    pruned = await records.prune(line.pool, now=KNOWN_AT)
    assert (pruned.versions, pruned.steps) == (1, 3)
    floor = await records.floor(line.pool)
    assert floor == Version(1, {0: 2})
    assert told(await read(line, floor)) == [("d", False), ("e", False)]
    with pytest.raises(Gone) as gone:
        await read(line, Version(1, {0: 1}))
    assert gone.value.facts["oldest"] == {0: 2}
    standing = await records.of_subject(line.pool, pruned_subject(line), classes=PUBLIC, today=TODAY)
    assert {row.event_id for row in standing} == {"event-c", "event-e"}
    assert await records.prune(line.pool, now=KNOWN_AT) == retention.Pruned(0, 0, 0)


async def test_with_nothing_young_left_the_floor_is_the_end(line: Line) -> None:
    await line.happen(line.change("a"), line.change("b", kind=Kind.CHANGED))
    await records.prune(line.pool, now=KNOWN_AT + 401 * DAY)
    assert await records.floor(line.pool) == await records.vector(line.pool)


async def test_findings_are_kept_by_when_they_were_written_for_told_times_lie_years_back(line: Line) -> None:
    await line.find(replace(FINDING, issued_at=KNOWN_AT - 2000 * DAY))
    assert (await records.prune(line.pool, now=KNOWN_AT)).findings == 0
    assert (await records.prune(line.pool, now=KNOWN_AT + 401 * DAY)).findings == 1


def pruned_subject(line: Line) -> str:
    return line.change("any").subject_key
