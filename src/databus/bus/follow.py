"""Reading without a group: the reader keeps its own positions (the projector with its rows, a feed in its cursor)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from databus.bus import metadata
from databus.bus.address import BusAddress
from databus.bus.answered import answered
from databus.errors import BusUnavailable, DataUnusable, Misconfigured
from databus.model.chunk import Record

Positions = Mapping[tuple[str, int], int]
OnPosition = Callable[[str, int, int], None]
_IDLE_MS = 250
_ANSWER_SECONDS = 30.0


async def follow(
    address: BusAddress,
    *,
    topics: Iterable[str],
    positions: Positions,
    batch_max: int = 2000,
    stop: asyncio.Event | None = None,
    beat: Callable[[], None] | None = None,
    on_position: OnPosition | None = None,
) -> AsyncGenerator[Sequence[Record], None]:
    """Committed records from `positions` on (a partition not named starts at its beginning), until `stop`.

    One yield is at most `batch_max` records of one topic, those of each partition in offset order. `on_position` is told
    (topic, partition, next offset) after every read: offsets have gaps, so only this and `ends` tell that nothing is left.
    `beat` is called whenever the broker has answered.

    Raises:
        BusUnavailable: the broker is away for longer than a request may take.
        DataUnusable: a position is no longer (or not yet) in the log.
        Misconfigured: a topic does not exist or may not be read.
    """
    async with _consumer(address) as consumer:
        places = await _places(address, consumer, topics)
        await _seek(address, consumer, places, positions)
        while stop is None or not stop.is_set():
            chunks = await _fetch(address, consumer, batch_max, beat)
            for topic in sorted({place.topic for place in chunks}):
                read = [place for place in chunks if place.topic == topic]
                yield [record_of(address, record) for place in read for record in chunks[place]]
                await _tell(address, consumer, read, on_position)
            if not chunks:
                await _tell(address, consumer, places, on_position)


async def _tell(address: BusAddress, consumer: Any, places: Iterable[Any], on_position: OnPosition | None) -> None:
    if on_position is None:
        return
    for place in places:
        on_position(address.bare(place.topic), place.partition, await consumer.position(place))


async def read_at(address: BusAddress, topic: str, partition: int, offset: int, *, timeout_seconds: float = 10.0) -> Record | None:
    """One committed record by its place; None if there is none (never was, aborted, compacted or deleted).

    Raises:
        BusUnavailable: the broker does not answer in time.
        Misconfigured: the topic does not exist or may not be read.
    """
    place = TopicPartition(address.topic(topic), partition)
    try:
        async with asyncio.timeout(timeout_seconds), _consumer(address) as consumer:
            if place not in await _places(address, consumer, (topic,)):
                return None
            first, end = (await consumer.beginning_offsets([place]))[place], (await consumer.end_offsets([place]))[place]
            if not first <= offset < end:
                return None
            consumer.assign([place])
            consumer.seek(place, offset)
            while await consumer.position(place) == offset:
                for record in (await consumer.getmany(place, timeout_ms=_IDLE_MS, max_records=1)).get(place, ()):
                    return record_of(address, record) if record.offset == offset else None
    except TimeoutError:
        raise BusUnavailable(f"{topic}[{partition}] did not answer in {timeout_seconds} s", topic=topic) from None
    return None


async def ends(address: BusAddress, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """The offset behind the last committed record or marker, per (topic, partition).

    Raises:
        BusUnavailable: the broker does not answer.
        Misconfigured: a topic does not exist or may not be read.
    """
    async with _question(address) as consumer:
        found = await consumer.end_offsets(await _places(address, consumer, topics))
        return {(address.bare(place.topic), place.partition): offset for place, offset in found.items()}


async def beginnings(address: BusAddress, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """The first offset still readable, per (topic, partition); raises as `ends`."""
    async with _question(address) as consumer:
        found = await consumer.beginning_offsets(await _places(address, consumer, topics))
        return {(address.bare(place.topic), place.partition): offset for place, offset in found.items()}


async def lag(address: BusAddress, group: str, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """Offsets a group has not committed yet, per (topic, partition), 0 where only markers are left; raises as `ends`."""
    async with _question(address, group=address.topic(group)) as consumer:
        places = await _places(address, consumer, topics)
        return await _left(address, consumer, {place: await consumer.committed(place) or 0 for place in places})


async def left(address: BusAddress, topics: Iterable[str], positions: Positions) -> dict[tuple[str, int], int]:
    """The same for a reader that keeps its own positions; raises as `ends`."""
    async with _question(address) as consumer:
        places = await _places(address, consumer, topics)
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


async def strays(address: BusAddress, topics: Iterable[str], *, counts: Callable[[Record], bool]) -> int:
    """How many offsets still in these topics hold nothing that counts: ends of transactions, aborted records, others.

    It reads the topics through; raises as `ends`.
    """
    async with _consumer(address) as consumer:
        places = await _places(address, consumer, topics)
        while True:
            try:
                return await _strays(address, consumer, places, counts)
            except OffsetOutOfRangeError:
                # Records were deleted meanwhile: a secret, or by retention.
                continue


async def _strays(address: BusAddress, consumer: Any, places: list[TopicPartition], counts: Callable[[Record], bool]) -> int:
    first, last = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    consumer.assign(places)
    for place in places:
        consumer.seek(place, first[place])
    found: int = sum(last.values()) - sum(first.values())
    open_ends = {place for place in places if first[place] < last[place]}
    while open_ends:
        for place, records in (await consumer.getmany(*open_ends, timeout_ms=_IDLE_MS)).items():
            found -= sum(record.offset < last[place] and counts(record_of(address, record)) for record in records)
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
        found = await consumer.getmany(*left, timeout_ms=_IDLE_MS, max_records=1)
        left -= set(found)
        empty |= {place for place in left if await consumer.position(place) >= end[place]}
        left -= empty
    return empty


def record_of(address: BusAddress, record: Any) -> Record:
    """Our record from aiokafka's, under the bare name of its topic."""
    return Record(
        address.bare(record.topic), record.partition, record.offset, record.timestamp, record.key, record.value, tuple(record.headers)
    )


@asynccontextmanager
async def _consumer(address: BusAddress, group: str | None = None) -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(
        **address.client(),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=100,
    )
    try:
        with answered():
            await consumer.start()
            yield consumer
    except OffsetOutOfRangeError as error:
        gone = {f"{address.bare(place.topic)}[{place.partition}]": at for place, at in error.args[0].items()}
        raise DataUnusable(f"the log no longer holds the position {gone}; its reader must begin anew", positions=gone) from error
    except (KafkaError, OSError) as error:
        raise BusUnavailable(f"the bus cannot be read: {type(error).__name__}: {error}") from error
    finally:
        await consumer.stop()


@asynccontextmanager
async def _question(address: BusAddress, group: str | None = None) -> AsyncIterator[Any]:
    """A consumer for one answer. aiokafka itself asks for ever while a coordinator is being looked for."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS), _consumer(address, group) as consumer:
            yield consumer
    except TimeoutError:
        raise BusUnavailable(f"the bus did not answer in {_ANSWER_SECONDS:.0f} s", bootstrap=address.bootstrap) from None


async def _places(address: BusAddress, consumer: Any, topics: Iterable[str]) -> list[TopicPartition]:
    known = await metadata.cluster(consumer)
    found = []
    for name in topics:
        partitions = known.partitions_for_topic(address.topic(name))
        if not partitions:
            raise Misconfigured(f"user {address.username} sees no topic {name}; run the registrar first", topic=name)
        found += [TopicPartition(address.topic(name), number) for number in sorted(partitions)]
    # Offsets are asked of leaders: those it does not know aiokafka looks up topic by topic, a tenth of a second each.
    await consumer._client.set_topics({place.topic for place in found})
    return found


async def _seek(address: BusAddress, consumer: Any, places: list[TopicPartition], positions: Positions) -> None:
    consumer.assign(places)
    first = await consumer.beginning_offsets(places)
    for place in places:
        consumer.seek(place, positions.get((address.bare(place.topic), place.partition), first[place]))


async def _fetch(address: BusAddress, consumer: Any, batch_max: int, beat: Callable[[], None] | None) -> dict[Any, list[Any]]:
    chunks: dict[Any, list[Any]] = await consumer.getmany(timeout_ms=_IDLE_MS, max_records=batch_max)
    if beat is not None:
        if not chunks:
            # An empty answer is also what a dead connection gives: ask for something that needs the broker.
            await consumer.end_offsets(list(consumer.assignment())[:1])
        beat()
    return chunks
