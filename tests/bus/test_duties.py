"""What partitions owe, from one commit to the next: the deletion itself is the broker's (tests/bus/test_checking.py)."""

from __future__ import annotations

import pytest

from databus.bus import truncation
from databus.bus.address import BusAddress
from databus.bus.duties import Duties
from databus.bus.ledger import Chunk, Place
from databus.bus.truncation import Duty
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
    assert due == {TAX: Duty(4, 11_001), COURT: None}
    await duties.undertake(due)
    assert deleted == [{TAX: 4}]
    assert (duties.standing(TAX), duties.standing(COURT)) == (Duty(4, 11_001), None)
    assert duties.due(11_000) == []
    assert duties.due(11_001) == [(TAX, Duty(4, 11_001))]


async def test_a_duty_that_stands_is_not_done_again_by_what_comes_after(deleted: list[dict[Place, int]]) -> None:
    duties = Duties(BusAddress("127.0.0.1:1"), roll_seconds=10)
    await duties.take_over({TAX: (9, Duty(4, 11_001).metadata()), COURT: (8, "")})
    await duties.undertake({TAX: duties.after(chunk(TAX, 9, 10), [])})
    assert deleted == [{TAX: 4}]
    duties.marked(TAX, Duty(4, 11_001).marked())
    assert duties.due(99_000) == []


async def test_no_chunk_can_delete_in_another_inbox() -> None:
    duties = Duties(BusAddress("127.0.0.1:1"), roll_seconds=10)
    with pytest.raises(ValueError, match="not of the chunk at hand"):
        duties.after(chunk(TAX, 3), [("in.court", 0, 3)])
