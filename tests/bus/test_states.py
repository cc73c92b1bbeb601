"""The state of partitions across rebalances: what is revoked goes before anything is read, and what stays is what was committed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from weakref import WeakValueDictionary

import pytest

from bus.fleet import read_all
from bus.penalties import CODEC, CONTRACT, penalty
from bus.running import Running, eventually
from databus.bus import offsets
from databus.bus.address import BusAddress
from databus.bus.journal import Entry, Journal
from databus.bus.ledger import Place
from databus.bus.states import States
from databus.bus.transaction import Writer
from databus.contract import wire
from databus.model import keys
from databus.model.chunk import Outcome, Output, Record, State
from databus.profile import profiler
from databus.testing.line import MemoryBus

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]
SUBJECTS = [keys.organisation_key(f"held-{at}") for at in range(60)]
PARTITIONS = set(range(12))
KEY = keys.pack("s", "r", "d/s", "content")


class Watched(Running):
    """The shipped profiler in a worker that tells which states are in memory, and how often each partition came with another one."""

    def __init__(self, address: BusAddress) -> None:
        super().__init__(address, self.process, recovering=self.look)
        self.states: WeakValueDictionary[int, State] = WeakValueDictionary()
        self.before: list[set[int]] = []
        self.loaded: Counter[int] = Counter()
        self._fold = profiler.processor(CONTRACT, CODEC)

    def process(self, records: Sequence[Record], state: State) -> Outcome:
        number = records[0].partition
        self.loaded[number] += self.states.get(number) is not state
        self.states[number] = state
        return self._fold(records, state)

    def look(self) -> None:
        self.before.append(set(self.states))


async def tell(profiler: BusAddress, memory: MemoryBus, seq: int) -> None:
    """One more event on each subject, to the log and to the line in memory; returns when it is folded."""
    async with Journal(profiler) as journal:
        for subject in SUBJECTS:
            key, value = penalty(subject, 1, seq=seq)
            await journal.append("events", key, value, route=subject.encode())
            memory.append(Output("events", key, value, route=subject.encode()))

    async def drained() -> bool:
        return not any((await offsets.lag(profiler, "profiler", ["events"])).values())

    await eventually(drained)


def shared(worker: Watched) -> Callable[[], Awaitable[bool]]:
    async def read() -> bool:
        return bool(worker.recoveries) and 0 < worker.recoveries[-1][0] == worker.recoveries[-1][1]

    return read


async def test_what_is_revoked_goes_before_anything_is_read_and_what_stays_is_not_read_again(as_user: As) -> None:
    address, memory = as_user("profiler"), MemoryBus((), now=datetime.now(UTC))
    first, second = Watched(address), Watched(address)
    async with first.started():
        await tell(address, memory, 1)
        assert set(first.states) == PARTITIONS
        async with second.started():
            await eventually(shared(second))
            await tell(address, memory, 2)
            stayed, moved = set(first.states), set(second.states)
            assert stayed and moved and stayed | moved == PARTITIONS and not stayed & moved
            assert first.before[-1] == stayed, "what was revoked was gone before anything was read"
            assert first.recoveries[-1] == (0, 0), "what stayed was not read again"
            assert all(first.loaded[number] == 1 for number in stayed)
        await eventually(shared(first))
        await tell(address, memory, 3)
        assert first.loaded == {number: 1 + (number in moved) for number in PARTITIONS}

    memory.work(profiler.processor(CONTRACT, CODEC), "events")
    steps = [wire.decode_change(CODEC, record.value or b"") for record in await read_all(as_user("admin"), "changes")]
    expected = [wire.decode_change(CODEC, record.value or b"") for record in memory.read("changes")]
    assert sorted((one.subject_key, one.pv, one.kind, one.content_hash) for one in steps) == sorted(
        (one.subject_key, one.pv, one.kind, one.content_hash) for one in expected
    )


async def test_only_who_takes_an_id_directly_after_himself_knows_that_nobody_wrote(as_user: As) -> None:
    address = as_user("profiler")
    at = {Place(address.topic("events"), 0): (0, "")}

    async def taken() -> Writer:
        writer = Writer(address, "profiler-0", timeout_seconds=60)
        await writer.start()
        await writer.commit(group=address.topic("profiler"), offsets=at, outputs=[Output("changes", b"s", b"v")])
        await writer.stop()
        return writer

    mine, again, stranger, later = [await taken() for _ in range(4)]
    assert again.follows(mine)
    assert not mine.follows(None)
    assert not later.follows(again)
    assert later.follows(stranger)


async def test_a_state_whose_transaction_may_not_be_committed_is_read_again(as_user: As) -> None:
    states = States(as_user("profiler"), "registers", beat=lambda: None, progress=lambda done, total: None)
    async with Journal(as_user("profiler")) as journal:
        await journal.append_all("registers", [Entry(KEY, b"committed")])
    (place,) = [record.partition for record in await read_all(as_user("admin"), "registers")]
    assert await states.load([place], wanted=lambda: True)
    with states.committing({place: {KEY: b"more"}}) as written:
        assert [dict(values) for values in written.values()] == [{KEY: b"more"}]
    assert states.of(place).get(KEY) == b"more"
    with pytest.raises(asyncio.CancelledError), states.committing({place: {KEY: b"in doubt"}}):
        raise asyncio.CancelledError
    assert states.find(place) is None
    assert await states.load([place], wanted=lambda: True)
    assert states.of(place).get(KEY) == b"committed"
