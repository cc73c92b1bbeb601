"""What became of a batch, as the store knows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from databus.model.change import Kind
from databus.store import batches
from store.line import FINDING, Line

pytestmark = pytest.mark.live


async def test_a_batch_is_told_with_everything_said_of_its_records(line: Line) -> None:
    first, second = line.change("a", own=True), line.change("b", own=True, kind=Kind.CHANGED, seq=2)
    await line.happen(first, second)
    await line.find(replace(FINDING, finding_id="f", event_id="event-c"))
    found = await batches.batch(line.pool, first.department, ["event-b", "event-c", "event-unknown"])
    (told,) = found.told.values()
    assert (told.event_id, told.seq, told.kind, told.facet) == ("event-b", 2, Kind.CHANGED, "content")
    assert {one.event_id for one in found.said[told.of]} == {"event-a", "event-b"}
    one = next(one for one in found.said[told.of] if one.event_id == "event-a")
    assert one.label == first.label_class and one.place == (first.inbox_partition, first.inbox_offset) and one.payload
    assert one.stated is not None and one.stated["publication_class"] and one.kind == first.label_class.subject_kind
    assert (one.name, one.codes) == (first.subject_name, first.codes)
    assert found.refused == {"event-c"}


async def test_what_another_department_told_is_not_theirs(line: Line) -> None:
    await line.happen(line.change("a", own=True))
    found = await batches.batch(line.pool, "ecology", ["event-a"])
    assert not found.told and not found.said and not found.refused
