"""What keeps a record from being lost or taken twice, without a broker."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.bus.ledger import ChainBroken, Chunk, Ledger, Place, lost, lots, split, together, where
from databus.errors import DataUnusable
from databus.model.chunk import Record

PLACE = Place("events", 4)


def chunk(start: int, following: int, epoch: int) -> Chunk:
    return Chunk(PLACE, (), start, following, epoch)


def test_a_refused_commit_on_a_partition_without_one_begins_at_the_beginning() -> None:
    """The loss of engines 9.2.2: what this process believes it committed plays no part."""
    assert where({}, {PLACE: 0}, {PLACE: 5827}) == {PLACE: 0}
    assert where({}, {PLACE: 1250}, {PLACE: 5827}) == {PLACE: 1250}


def test_a_commit_is_where_reading_begins_also_when_it_is_zero() -> None:
    assert where({PLACE: 0}, {PLACE: 0}, {PLACE: 9}) == {PLACE: 0}
    assert where({PLACE: 7}, {PLACE: 0}, {PLACE: 7}) == {PLACE: 7}


def test_what_retention_took_is_told() -> None:
    assert where({PLACE: 3}, {PLACE: 10}, {PLACE: 20}) == {PLACE: 10}
    assert lost({PLACE: 3}, {PLACE: 10}) == {PLACE: 7}
    assert lost({PLACE: 10}, {PLACE: 10}) == {}


def test_a_commit_beyond_the_end_stops_the_start() -> None:
    with pytest.raises(DataUnusable, match="made anew"):
        where({PLACE: 30}, {PLACE: 0}, {PLACE: 20})


def test_a_missing_chunk_is_noticed() -> None:
    ledger = Ledger()
    ledger.begin({PLACE: 0})
    first, third = chunk(0, 10, ledger.epoch), chunk(20, 30, ledger.epoch)
    ledger.accept(first)
    ledger.done(first)
    with pytest.raises(ChainBroken, match="due at 10"):
        ledger.accept(third)
    with pytest.raises(ChainBroken):
        ledger.accept(first)


def test_a_chunk_of_an_older_epoch_is_void() -> None:
    ledger = Ledger()
    ledger.begin({PLACE: 0})
    old = chunk(0, 10, ledger.epoch)
    ledger.invalidate()
    assert not ledger.current(old)
    assert ledger.due(PLACE) is None
    with pytest.raises(ChainBroken):
        ledger.accept(old)


@given(st.integers(1, 30), st.integers(0, 100))
def test_splitting_keeps_every_record_once_and_in_order(size: int, count: int) -> None:
    records = [Record("t", 0, offset, 0, None, None) for offset in range(count)]
    parts = split(records, size)
    assert [record for part in parts for record in part] == records
    assert all(0 < len(part) <= size for part in parts)


def holding(number: int, count: int) -> Chunk:
    place = Place("in.tax", number)
    return Chunk(place, tuple(Record(place.topic, number, offset, 0, None, None) for offset in range(count)), 0, count, 1)


@given(st.integers(1, 30), st.lists(st.integers(1, 30), max_size=20))
def test_lots_keep_every_chunk_in_order_and_are_as_few_as_the_bound_allows(size: int, counts: list[int]) -> None:
    chunks = [holding(number, min(count, size)) for number, count in enumerate(counts)]
    found = list(lots(chunks, size))
    assert [chunk for lot in found for chunk in lot] == chunks
    assert all(0 < sum(len(chunk.records) for chunk in lot) <= size for lot in found)
    for lot, following in pairwise(found):
        assert sum(len(chunk.records) for chunk in (*lot, following[0])) > size


def test_what_one_writer_commits_goes_together() -> None:
    lot = tuple(holding(number, 1) for number in range(5))
    assert together(lot, lambda chunk: "one") == [lot]
    assert together(lot, lambda chunk: chunk.place.partition % 2) == [lot[::2], lot[1::2]]
