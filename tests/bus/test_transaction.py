"""The fence, and the state that is read behind it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest
from aiokafka.errors import KafkaError

from bus.fleet import read_all
from databus.bus.address import BusAddress
from databus.bus.journal import Journal
from databus.bus.ledger import Place
from databus.bus.recovery import recover
from databus.bus.transaction import Writer
from databus.errors import DataUnusable, Misconfigured
from databus.model import keys
from databus.model.chunk import Output

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]
KEY = keys.pack("s", "r", "d/s", "content")


async def write(writer: Writer, address: BusAddress, offset: int, value: bytes, size: int = 1) -> None:
    await writer.commit(
        group=address.topic("profiler"),
        offsets={Place(address.topic("events"), 0): (offset, "")},
        outputs=[Output("changes", b"s", value * size)],
        registers={Place(address.topic("registers"), 0): {KEY: value}},
    )


async def test_whoever_comes_later_fences_the_one_before(as_user: As) -> None:
    profiler = as_user("profiler")
    zombie, heir = Writer(profiler, "profiler-0", timeout_seconds=60), Writer(profiler, "profiler-0", timeout_seconds=60)
    await zombie.start()
    try:
        await write(zombie, profiler, 1, b"one")
        await heir.start()
        with pytest.raises(KafkaError):
            await write(zombie, profiler, 2, b"zombie")
        await write(heir, profiler, 2, b"two")
    finally:
        await zombie.stop()
        await heir.stop()
    assert [record.value for record in await read_all(as_user("admin"), "changes")] == [b"one", b"two"]
    states = await recover(profiler, "registers", [0, 1], wanted=lambda: True, beat=lambda: None)
    assert states is not None
    assert states[0].get(KEY) == b"two"
    assert len(states[1]) == 0


async def test_a_record_larger_than_a_batch_goes_through(as_user: As) -> None:
    writer = Writer(as_user("profiler"), "profiler-0", timeout_seconds=60)
    await writer.start()
    await write(writer, as_user("profiler"), 1, b"x", 3 * 1024 * 1024)
    await writer.stop()
    assert [len(record.value or b"") for record in await read_all(as_user("admin"), "changes")] == [3 * 1024 * 1024]


async def test_a_damaged_register_stops_recovery_and_says_what_to_do(as_user: As) -> None:
    async with Journal(as_user("profiler")) as journal:
        place = await journal.append("registers", b"\x00\xffno", b"v")
    with pytest.raises(DataUnusable, match="databus rebuild"):
        await recover(as_user("profiler"), "registers", [place.partition], wanted=lambda: True, beat=lambda: None)


async def test_state_with_fewer_partitions_than_its_input_is_refused(as_user: As) -> None:
    with pytest.raises(Misconfigured, match="lacks partition 12"):
        await recover(as_user("profiler"), "registers", [11, 12], wanted=lambda: True, beat=lambda: None)


async def test_recovery_tells_how_far_it_is(as_user: As) -> None:
    async with Journal(as_user("profiler")) as journal:
        place = await journal.append("registers", KEY, b"v")
    told: list[tuple[int, int]] = []

    async def recovered(*numbers: int) -> None:
        told.clear()
        profiler, progress = as_user("profiler"), lambda *done: told.append(done)
        await recover(profiler, "registers", numbers, wanted=lambda: True, beat=lambda: None, progress=progress)

    await recovered(place.partition, (place.partition + 1) % 12)
    assert told[0] == (0, 1) and told[-1] == (1, 1) and told == sorted(told)
    await recovered()
    assert told == [(0, 0)]


async def test_recovery_of_partitions_no_longer_ours_ends(as_user: As) -> None:
    async with Journal(as_user("profiler")) as journal:
        place = await journal.append("registers", KEY, b"v")
    assert await recover(as_user("profiler"), "registers", [place.partition], wanted=lambda: False, beat=lambda: None) is None


async def test_the_collector_does_not_walk_what_was_recovered_and_what_is_lost_gives_its_memory_back(as_user: As) -> None:
    async with Journal(as_user("profiler")) as journal:
        place = await journal.append("registers", KEY, b"v")
    states = await recover(as_user("profiler"), "registers", [place.partition], wanted=lambda: True, beat=lambda: None)
    assert states is not None and states[place.partition].get(KEY) == b"v"
    assert all(one is not states[place.partition] for one in gc.get_objects())
    assert gc.isenabled()
    lost = weakref.ref(states.pop(place.partition))
    assert lost() is None
