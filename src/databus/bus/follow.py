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
from databus.bus.coordinator import hear
from databus.errors import BusUnavailable, DataUnusable, Misconfigured
from databus.model.chunk import Record

Positions = Mapping[tuple[str, int], int]
OnPosition = Callable[[str, int, int], None]
IDLE_MS = 250
"""How long a read waits for records before it says that there are none."""


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
    async with consuming(address) as consumer:
        places = await partitions_of(address, consumer, topics)
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
        async with asyncio.timeout(timeout_seconds), consuming(address) as consumer:
            if place not in await partitions_of(address, consumer, (topic,)):
                return None
            first, end = (await consumer.beginning_offsets([place]))[place], (await consumer.end_offsets([place]))[place]
            if not first <= offset < end:
                return None
            consumer.assign([place])
            consumer.seek(place, offset)
            while await consumer.position(place) == offset:
                for record in (await consumer.getmany(place, timeout_ms=IDLE_MS, max_records=1)).get(place, ()):
                    return record_of(address, record) if record.offset == offset else None
    except TimeoutError:
        raise BusUnavailable(f"{topic}[{partition}] did not answer in {timeout_seconds} s", topic=topic) from None
    return None


def record_of(address: BusAddress, record: Any) -> Record:
    """Our record from aiokafka's, under the bare name of its topic."""
    return Record(
        address.bare(record.topic), record.partition, record.offset, record.timestamp, record.key, record.value, tuple(record.headers)
    )


@asynccontextmanager
async def consuming(address: BusAddress, group: str | None = None, *, committed: bool = True) -> AsyncIterator[Any]:
    """An aiokafka consumer of a group or of none; what it fails with is one of our errors."""
    consumer = AIOKafkaConsumer(
        **address.client(),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed" if committed else "read_uncommitted",
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=100,
    )
    try:
        with answered():
            await consumer.start()
            if group is not None:
                hear(consumer._coordinator)
            yield consumer
    except OffsetOutOfRangeError as error:
        gone = {f"{address.bare(place.topic)}[{place.partition}]": at for place, at in error.args[0].items()}
        raise DataUnusable(f"the log no longer holds the position {gone}; its reader must begin anew", positions=gone) from error
    except (KafkaError, OSError) as error:
        raise BusUnavailable(f"the bus cannot be read: {type(error).__name__}: {error}") from error
    finally:
        await consumer.stop()


async def partitions_of(address: BusAddress, consumer: Any, topics: Iterable[str]) -> list[TopicPartition]:
    """The partitions of topics.

    Raises:
        Misconfigured: a topic does not exist or may not be read.
    """
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
    chunks: dict[Any, list[Any]] = await consumer.getmany(timeout_ms=IDLE_MS, max_records=batch_max)
    if beat is not None:
        if not chunks:
            # An empty answer is also what a dead connection gives: ask for something that needs the broker.
            await consumer.end_offsets(list(consumer.assignment())[:1])
        beat()
    return chunks
