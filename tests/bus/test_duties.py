"""What partitions owe, from one commit to the next: the deletion itself is the broker's (tests/bus/test_checking.py)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from databus.bus import truncation
from databus.bus.address import BusAddress
from databus.bus.duties import Duties
from databus.bus.ledger import Chunk, Place
from databus.bus.notes import Note
from databus.bus.truncation import MARKER_HEADERS, Duty
from databus.model.chunk import Record

TAX, COURT = Place("in.tax", 0), Place("in.court", 0)


def chunk(place: Place, *offsets: int) -> Chunk:
    records = tuple(Record(place.topic, place.partition, offset, 1_000, b"k", b"v") for offset in offsets)
    return Chunk(place, records, offsets[0], offsets[-1] + 1, 1)


@pytest.fixture
def deleted(monkeypatch: pytest.MonkeyPatch) -> list[dict[Place, int]]:
    """What the broker was asked to delete, in the order in which it was."""
    asked: list[dict[Place, int]] = []

    async def delete(address: BusAddress, duties: dict[Place, Duty]) -> None:
        asked.append({place: due.until for place, due in duties.items()})

    monkeypatch.setattr(truncation, "delete", delete)
    return asked


async def test_a_transaction_over_two_inboxes_deletes_in_the_one_that_held_a_secret(deleted: list[dict[Place, int]]) -> None:
    duties = Duties(BusAddress("127.0.0.1:1"), roll_seconds=10)
    due = {TAX: duties.after(chunk(TAX, 3, 4), [("in.tax", 0, 3)]), COURT: duties.after(chunk(COURT, 7), [])}
    assert due == {TAX: Note(3, 0, Duty(4, 11_001)), COURT: Note(7, 0)}
    await duties.undertake(due)
    assert deleted == [{TAX: 4}]
    assert (duties.noted(TAX, 5), duties.noted(COURT, 8)) == (due[TAX], due[COURT])
    assert duties.due(11_000) == []
    assert duties.due(11_001) == [(TAX, due[TAX])]


async def test_a_duty_that_stands_is_not_done_again_by_what_comes_after(deleted: list[dict[Place, int]]) -> None:
    duties = Duties(BusAddress("127.0.0.1:1"), roll_seconds=10)
    await duties.take_over({TAX: (9, Note(duty=Duty(4, 11_001)).metadata()), COURT: (8, "")})
    await duties.undertake({TAX: duties.after(chunk(TAX, 9, 10), [])})
    assert deleted == [{TAX: 4}]
    duties.mark(TAX, duties.noted(TAX, 11).marked())
    assert duties.due(99_000) == []


async def test_no_chunk_can_delete_in_another_inbox() -> None:
    duties = Duties(BusAddress("127.0.0.1:1"), roll_seconds=10)
    with pytest.raises(ValueError, match="not of the chunk at hand"):
        duties.after(chunk(TAX, 3), [("in.court", 0, 3)])


async def test_what_holds_nothing_to_judge_is_counted_from_commit_to_commit() -> None:
    """The ends of transactions between the records, and our own marker; not what retention took before it was read."""
    duties = Duties(BusAddress("127.0.0.1:1"), roll_seconds=10)
    own = replace(chunk(TAX, 5, 6, 9), records=(*chunk(TAX, 5, 6).records, Record("in.tax", 0, 9, 1_000, None, None, MARKER_HEADERS)))
    duties.mark(TAX, Note(0, 2, Duty(4, 0, ahead=1)))
    told = duties.after(own, [])
    assert (told.since, told.empty) == (0, 2 + 2 + 1)
    duties.mark(TAX, told)
    assert duties.after(chunk(TAX, 20, 21), []).empty == 5
