"""Questions about offsets: where topics begin and end, and what somebody has still to take of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from databus.bus.address import BusAddress
from databus.bus.follow import IDLE_MS, Positions, consuming, partitions_of, record_of
from databus.errors import BusUnavailable
from databus.model.chunk import Record

_ANSWER_SECONDS = 30.0


async def ends(address: BusAddress, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """The offset behind the last committed record or marker, per (topic, partition).

    Raises:
        BusUnavailable: the broker does not answer.
        Misconfigured: a topic does not exist or may not be read.
    """
    async with _question(address) as consumer:
        found = await consumer.end_offsets(await partitions_of(address, consumer, topics))
        return {(address.bare(place.topic), place.partition): offset for place, offset in found.items()}


async def beginnings(address: BusAddress, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """The first offset still readable, per (topic, partition); raises as `ends`."""
    async with _question(address) as consumer:
        found = await consumer.beginning_offsets(await partitions_of(address, consumer, topics))
        return {(address.bare(place.topic), place.partition): offset for place, offset in found.items()}


async def lag(address: BusAddress, group: str, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """Offsets a group has not committed yet, per (topic, partition), 0 where only markers are left; raises as `ends`."""
    async with _question(address, group=address.topic(group)) as consumer:
        places = await partitions_of(address, consumer, topics)
        return await _left(address, consumer, {place: await consumer.committed(place) or 0 for place in places})


async def left(address: BusAddress, topics: Iterable[str], positions: Positions) -> dict[tuple[str, int], int]:
    """The same for a reader that keeps its own positions; raises as `ends`."""
    async with _question(address) as consumer:
        places = await partitions_of(address, consumer, topics)
        return await _left(address, consumer, {place: positions.get((address.bare(place.topic), place.partition), 0) for place in places})


async def _left(address: BusAddress, consumer: Any, reached: Mapping[TopicPartition, int]) -> dict[tuple[str, int], int]:
    while True:
        first, last = await consumer.beginning_offsets(list(reached)), await consumer.end_offsets(list(reached))
        at = {place: max(offset, first[place]) for place, offset in reached.items()}
        try:
            empty = await _without_records(consumer, {place: offset for place, offset in at.items() if offset < last[place]}, last)
            break
        except OffsetOutOfRangeError:
            # Records were deleted between the questions: a secret, or by retention.
            continue
    return {(address.bare(place.topic), place.partition): 0 if place in empty else last[place] - at[place] for place in at}


async def uncommitted(address: BusAddress, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """Offsets that lie behind the beginning of an open transaction, per (topic, partition) that has any; raises as `ends`.

    Nobody who reads what is committed is given them before that transaction ends: when its client ends it, or the broker,
    whose time-out for it is over.
    """
    async with _question(address, committed=False) as consumer:
        written = await consumer.end_offsets(await partitions_of(address, consumer, topics))
    # Asked for after the other: what is appended in between must not seem to be uncommitted.
    committed = await ends(address, topics)
    found = {(address.bare(place.topic), place.partition): at for place, at in written.items()}
    return {place: at - committed[place] for place, at in found.items() if committed[place] < at}


async def commits(address: BusAddress, group: str, topics: Iterable[str]) -> dict[tuple[str, int], tuple[int, str]]:
    """What a group has committed, per (topic, partition) that it has of, and what is noted beside it; raises as `ends`."""
    async with _question(address, group=address.topic(group)) as consumer:
        found = await consumer._coordinator.fetch_committed_offsets(await partitions_of(address, consumer, topics))
        return {(address.bare(place.topic), place.partition): (at.offset, at.metadata) for place, at in found.items() if at.offset >= 0}


async def strays(address: BusAddress, topics: Iterable[str], *, counts: Callable[[Record], bool]) -> dict[tuple[str, int], int]:
    """How many offsets still in these topics hold nothing that counts, per (topic, partition): ends of transactions, aborted records,
    others.

    It reads the topics through; raises as `ends`.
    """
    async with consuming(address) as consumer:
        places = await partitions_of(address, consumer, topics)
        while True:
            try:
                found = await _strays(address, consumer, places, counts)
                return {(address.bare(place.topic), place.partition): number for place, number in found.items()}
            except OffsetOutOfRangeError:
                # Records were deleted meanwhile: a secret, or by retention.
                continue


async def _strays(address: BusAddress, consumer: Any, places: list[TopicPartition], counts: Callable[[Record], bool]) -> dict[Any, int]:
    first, last = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    consumer.assign(places)
    for place in places:
        consumer.seek(place, first[place])
    found = {place: last[place] - first[place] for place in places}
    open_ends = {place for place in places if first[place] < last[place]}
    while open_ends:
        for place, records in (await consumer.getmany(*open_ends, timeout_ms=IDLE_MS)).items():
            found[place] -= sum(record.offset < last[place] and counts(record_of(address, record)) for record in records)
        open_ends = {place for place in open_ends if await consumer.position(place) < last[place]}
    return found


async def _without_records(consumer: Any, begin: Mapping[TopicPartition, int], end: Mapping[TopicPartition, int]) -> set[TopicPartition]:
    """Of the partitions, those that hold nothing but transaction markers from `begin` to `end`."""
    empty: set[TopicPartition] = set()
    if begin:
        consumer.assign(list(begin))
        for place, offset in begin.items():
            consumer.seek(place, offset)
    left = set(begin)
    while left:
        found = await consumer.getmany(*left, timeout_ms=IDLE_MS, max_records=1)
        left -= set(found)
        empty |= {place for place in left if await consumer.position(place) >= end[place]}
        left -= empty
    return empty


@asynccontextmanager
async def _question(address: BusAddress, group: str | None = None, *, committed: bool = True) -> AsyncIterator[Any]:
    """A consumer for one answer. aiokafka itself asks for ever while a coordinator is being looked for."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS), consuming(address, group, committed=committed) as consumer:
            yield consumer
    except TimeoutError:
        raise BusUnavailable(f"the bus did not answer in {_ANSWER_SECONDS:.0f} s", bootstrap=address.bootstrap) from None
