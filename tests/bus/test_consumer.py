"""The seek rules of the consumer against a scripted fetcher: no broker, no clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from databus.bus import transport
from databus.bus.address import BusAddress
from databus.bus.consumer import ChunkConsumer
from databus.bus.ledger import Chunk, Lot, Place

PARTITION = TP("events", 4)
BESIDE = TP("events", 7)
PLACE = Place(*PARTITION)


class Thread:
    """What the broker knows, and what it was asked to do."""

    accepted = float("inf")

    def __init__(self, *, commits: dict[Place, tuple[int, str]], end: int) -> None:
        self.commits, self.end, self.sought = commits, end, list[dict[TP, int]]()

    def assignment(self) -> set[TP]:
        return {PARTITION}

    async def committed(self, places: list[Place]) -> dict[Place, tuple[int, str]]:
        return {place: self.commits[place] for place in places if place in self.commits}

    async def ends(self, places: list[Place]) -> dict[Place, int]:
        return dict.fromkeys(places, self.end)

    async def earliest_offsets(self, *places: TP) -> dict[TP, int]:
        return dict.fromkeys(places, 0)

    async def seek_wait(self, positions: dict[TP, int]) -> None:
        self.sought.append(dict(positions))


def records(begin: int, end: int, partition: int = PARTITION.partition) -> list[Any]:
    empty = {"timestamp_type": 0, "headers": (), "checksum": None, "serialized_key_size": 0, "serialized_value_size": 0}
    one = {"topic": "events", "partition": partition, "timestamp": 1, "key": b"k", "value": b"v", **empty}
    return [SimpleNamespace(**one, offset=offset) for offset in range(begin, end)]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ChunkConsumer]:
    def made(*, commits: dict[Place, tuple[int, str]] | None = None, end: int = 100, batch_max: int = 10) -> ChunkConsumer:
        async def nothing(stream: Any) -> None:
            raise AssertionError("the agent is not started here")

        address = BusAddress("127.0.0.1:1")
        app = transport.make_app(
            address, group="g", topics=["events"], agent=nothing, batch_max=batch_max, session_seconds=6.0, beat=lambda: None
        )
        app.loop = asyncio.get_running_loop()
        consumer = app.consumer
        assert isinstance(consumer, ChunkConsumer)
        monkeypatch.setattr(consumer, "_thread", Thread(commits=commits or {}, end=end))
        consumer.resume_flow()
        consumer.prepared_for(app.consumer_generation_id)
        return consumer

    return made


async def test_a_refused_commit_on_a_partition_without_one_then_a_rebalance(make: Callable[..., ChunkConsumer]) -> None:
    """Engines 9.2.2: Faust stored the refused commit, nobody sought, and 4,577 records were never read again."""
    consumer = make(commits={}, end=5827)
    consumer._committed_offset[PARTITION] = 5827
    consumer._read_offset[PARTITION] = 5827
    await consumer.perform_seek()
    assert consumer._thread.sought == [{PARTITION: 0}]
    assert consumer._read_offset[PARTITION] == 0
    assert consumer.ledger.due(PLACE) == 0


async def test_faust_commits_nothing(make: Callable[..., ChunkConsumer]) -> None:
    consumer = make()
    consumer._acked[PARTITION] = [1, 2, 3]
    assert await consumer.commit() is False
    await consumer.commit_and_end_transactions()


async def test_the_seek_waits_for_the_transaction_at_work(make: Callable[..., ChunkConsumer]) -> None:
    consumer = make(commits={PLACE: (10, "")})
    await consumer.turn.acquire()
    seeking = asyncio.ensure_future(consumer.perform_seek())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    consumer._thread.commits = {PLACE: (20, "")}
    consumer.turn.release()
    await seeking
    assert consumer.ledger.due(PLACE) == 20


async def test_nothing_is_handed_out_during_a_seek_or_for_an_older_epoch(make: Callable[..., ChunkConsumer]) -> None:
    consumer, got = make(), list[Chunk]()
    consumer.callback = collect(got)
    await consumer.perform_seek()
    epoch = consumer.ledger.epoch
    consumer._seeking = 1
    assert not await consumer._hand_out({PARTITION: records(0, 5)}, epoch, consumer.app.consumer_generation_id)
    consumer._seeking = 0
    assert not await consumer._hand_out({PARTITION: records(0, 5)}, epoch - 1, consumer.app.consumer_generation_id)
    assert not await consumer._hand_out({PARTITION: records(0, 5)}, epoch, consumer.app.consumer_generation_id + 1)
    assert got == []
    assert consumer._read_offset[PARTITION] == 0


async def test_nothing_is_handed_out_before_writers_and_state_are_ready(make: Callable[..., ChunkConsumer]) -> None:
    """Faust ends a recovery that another rebalance has overtaken by resuming the flow, before that one has been prepared for."""
    consumer, got = make(), list[Chunk]()
    consumer.callback = collect(got)
    await consumer.perform_seek()
    consumer.app.consumer_generation_id += 1
    assert not await consumer._hand_out({PARTITION: records(0, 5)}, consumer.ledger.epoch, consumer.app.consumer_generation_id)
    await consumer.perform_seek()
    assert consumer.ledger.places() == ()
    assert got == []
    consumer.prepared_for(consumer.app.consumer_generation_id)
    await consumer.perform_seek()
    assert await consumer._hand_out({PARTITION: records(0, 5)}, consumer.ledger.epoch, consumer.app.consumer_generation_id)
    assert [chunk.following for chunk in got] == [5]


async def test_a_seek_before_its_time_is_made_good_before_anything_is_handed_out(make: Callable[..., ChunkConsumer]) -> None:
    """Faust seeks at the end of a recovery that a rebalance has overtaken, and resumes the flow; only then is that one prepared for.

    Its records were handed out without a position to continue from: the process stopped.
    """
    consumer, got, fetched = make(commits={PLACE: (3, "")}), list[Chunk](), list[Any]()
    consumer.callback = collect(got)
    consumer._read_offset[PARTITION] = 0
    consumer.app.consumer_generation_id += 1
    await consumer.perform_seek()
    consumer.prepared_for(consumer.app.consumer_generation_id)

    async def fetch(timeout: float) -> tuple[dict[TP, list[Any]], None]:
        fetched.append(timeout)
        if len(fetched) > 2:
            consumer._stopped.set()
        return {PARTITION: records(consumer._read_offset[PARTITION] or 0, 8)}, None

    consumer._wait_next_records = fetch
    await consumer._drain_messages(SimpleNamespace(_stopped=asyncio.Event()))
    assert consumer._thread.sought == [{PARTITION: 3}]
    consumer.ledger.accept(got[0])
    assert [(chunk.start, chunk.following) for chunk in got] == [(3, 8)]


async def test_a_worker_that_ends_hands_out_nothing_more(make: Callable[..., ChunkConsumer]) -> None:
    consumer, got = make(), list[Chunk]()
    consumer.callback = collect(got)
    await consumer.perform_seek()
    consumer.halt()
    assert not await consumer._hand_out({PARTITION: records(0, 5)}, consumer.ledger.epoch, consumer.app.consumer_generation_id)
    assert not await consumer._seek_again()
    assert got == []


async def test_a_seek_overtaken_by_a_rebalance_begins_nothing(make: Callable[..., ChunkConsumer]) -> None:
    consumer = make()

    async def overtaken(positions: dict[TP, int]) -> None:
        consumer._prepared = None

    consumer._thread.seek_wait = overtaken
    await consumer.perform_seek()
    assert consumer.ledger.places() == ()


async def test_a_rebalance_voids_what_was_prepared(make: Callable[..., ChunkConsumer]) -> None:
    consumer = make()

    async def passed_on(*_: Any) -> None:
        """What Faust's app does then needs a broker."""

    consumer._on_partitions_revoked = consumer._on_partitions_assigned = passed_on
    for callback in (consumer.on_partitions_revoked, consumer.on_partitions_assigned):
        consumer.prepared_for(consumer.app.consumer_generation_id)
        assert consumer.prepared
        await callback({PARTITION})
        assert not consumer.prepared


async def test_a_delivery_overtaken_by_a_rebalance_does_not_move_the_position(make: Callable[..., ChunkConsumer]) -> None:
    consumer = make()
    await consumer.perform_seek()

    async def overtaken(message: Any) -> None:
        consumer.ledger.invalidate()

    consumer.callback = overtaken
    assert not await consumer._hand_out({PARTITION: records(0, 30)}, consumer.ledger.epoch, consumer.app.consumer_generation_id)
    assert consumer._read_offset[PARTITION] == 0


async def test_chunks_follow_each_other_and_what_was_read_is_filtered(make: Callable[..., ChunkConsumer]) -> None:
    consumer, got = make(commits={PLACE: (7, "")}), list[Chunk]()
    consumer.callback = collect(got)
    await consumer.perform_seek()
    consumer.app.consumer_generation_id = 3
    consumer.prepared_for(3)
    assert await consumer._hand_out({PARTITION: records(0, 25)}, consumer.ledger.epoch, 3)
    assert [(chunk.start, chunk.following) for chunk in got] == [(7, 17), (17, 25)]
    assert [record.offset for chunk in got for record in chunk.records] == list(range(7, 25))
    for chunk in got:
        consumer.ledger.accept(chunk)
        consumer.ledger.done(chunk)


async def test_what_one_fetch_brought_is_handed_out_together_within_bounds(make: Callable[..., ChunkConsumer]) -> None:
    consumer, got = make(batch_max=10), list[Lot]()

    async def taken(message: Any) -> None:
        got.append(message.value)

    consumer.callback = taken
    await consumer.perform_seek()
    consumer._read_offset[BESIDE] = 2
    fetched = {PARTITION: records(0, 16), BESIDE: records(2, 6, BESIDE.partition)}
    assert await consumer._hand_out(fetched, consumer.ledger.epoch, consumer.app.consumer_generation_id)
    assert [[(chunk.place, chunk.start, chunk.following) for chunk in lot] for lot in got] == [
        [(PLACE, 0, 10)],
        [(PLACE, 10, 16), (Place(*BESIDE), 2, 6)],
    ]
    assert (consumer._read_offset[PARTITION], consumer._read_offset[BESIDE]) == (16, 6)


async def test_a_lot_overtaken_by_a_rebalance_moves_no_position_of_it(make: Callable[..., ChunkConsumer]) -> None:
    consumer = make(batch_max=10)
    await consumer.perform_seek()
    consumer._read_offset[BESIDE] = 0

    async def overtaken(message: Any) -> None:
        consumer.ledger.invalidate()

    consumer.callback = overtaken
    fetched = {PARTITION: records(0, 5), BESIDE: records(0, 5, BESIDE.partition)}
    assert not await consumer._hand_out(fetched, consumer.ledger.epoch, consumer.app.consumer_generation_id)
    assert (consumer._read_offset[PARTITION], consumer._read_offset[BESIDE]) == (0, 0)


async def test_a_drain_cut_in_the_middle_loses_and_repeats_nothing(make: Callable[..., ChunkConsumer]) -> None:
    """Records popped by a cancelled fetch loop are gone from the fetcher: the next loop seeks first (F1)."""
    consumer, done = make(end=100), list[int]()
    position, cut = 0, False

    async def fetch(timeout: float) -> tuple[dict[TP, list[Any]], None]:
        nonlocal position
        begin, position = position, min(position + 25, 100)
        return ({PARTITION: records(begin, position)} if begin < 100 else {}), None

    async def seek_wait(positions: dict[TP, int]) -> None:
        nonlocal position
        position = positions[PARTITION]

    async def work(message: Any) -> None:
        nonlocal cut
        (chunk,) = message.value
        if chunk.start == 35 and not cut:
            cut = True
            draining.cancel()
            await asyncio.sleep(60)
        if consumer.ledger.current(chunk):
            consumer.ledger.accept(chunk)
            done.extend(record.offset for record in chunk.records)
            consumer._thread.commits[PLACE] = (chunk.following, "")
            consumer.ledger.done(chunk)
            if len(done) == 100:
                fetcher._stopped.set()

    consumer._wait_next_records = fetch
    consumer._thread.seek_wait = seek_wait
    consumer.callback = work
    fetcher = SimpleNamespace(_stopped=asyncio.Event())
    await consumer.perform_seek()
    draining = asyncio.ensure_future(consumer._drain_messages(fetcher))
    with pytest.raises(asyncio.CancelledError):
        await draining
    assert done == list(range(35))
    await asyncio.wait_for(consumer._drain_messages(fetcher), 5)
    assert done == list(range(100))


def collect(got: list[Chunk]) -> Callable[[Any], Any]:
    async def taken(message: Any) -> None:
        got.extend(message.value)

    return taken
