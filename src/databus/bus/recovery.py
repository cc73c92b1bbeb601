"""Rebuilding the state of partitions from `registers`: raw bytes, last write wins (engines 9.5: 1.5 us a record)."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from databus.bus import metadata
from databus.bus.address import BusAddress
from databus.bus.registers import Registers
from databus.errors import DataUnusable, Misconfigured
from databus.model.chunk import uncollected

log = logging.getLogger(__name__)
_AT_ONCE = 20_000
_TELL_SECONDS = 5.0
Progress = Callable[[int, int], None]


async def recover(
    address: BusAddress,
    topic: str,
    partitions: Iterable[int],
    *,
    wanted: Callable[[], bool],
    beat: Callable[[], None],
    progress: Progress = lambda done, total: None,
) -> dict[int, Registers] | None:
    """The registers of `partitions` as committed now; None if they are no longer `wanted` (another rebalance began).

    The collector never looks through them: they go when nobody refers to them any more.

    `progress` is told (offsets read, offsets in all) from the beginning to the end.

    Called after the partition's old writer is fenced, so that nothing can be added behind the end read here.

    Raises:
        DataUnusable: a record cannot be a register.
        Misconfigured: the topic lacks a partition.
    """
    states = {number: Registers() for number in partitions}
    consumer = AIOKafkaConsumer(
        **address.client(),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    try:
        await _require(consumer, address.topic(topic), states)
        places = [TopicPartition(address.topic(topic), number) for number in states]
        # Else it walks all that was read so far again and again: a quarter of the time where there are two million registers.
        with uncollected():
            complete = await _read(consumer, places, states, wanted, beat, progress)
    finally:
        await consumer.stop()
    if not complete:
        return None
    # Garbage first, for what is frozen is kept as long as anything refers to it.
    gc.collect()
    gc.freeze()
    return states


async def _require(consumer: Any, topic: str, states: dict[int, Registers]) -> None:
    known = await metadata.cluster(consumer)
    missing = set(states) - set(known.partitions_for_topic(topic) or ())
    if missing:
        raise Misconfigured(
            f"Topic {topic} lacks partition {min(missing)}: it must have as many as the topic its state is made of. Run the registrar.",
            topic=topic,
            missing=sorted(missing),
        )


async def _read(
    consumer: Any,
    places: list[TopicPartition],
    states: dict[int, Registers],
    wanted: Callable[[], bool],
    beat: Callable[[], None],
    progress: Progress,
) -> bool:
    if not places:
        progress(0, 0)
        return True
    consumer.assign(places)
    first, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    await consumer.seek_to_beginning(*places)
    begun = told = time.monotonic()
    at, total = dict(first), sum(ends[place] - first[place] for place in places)
    count, left = 0, {place for place in places if ends[place] > 0}
    while left:
        if not wanted():
            return False
        progress(sum(min(at[place], ends[place]) - first[place] for place in places), total)
        for place, records in (await consumer.getmany(timeout_ms=200, max_records=_AT_ONCE)).items():
            _take(states[place.partition], records)
            count += len(records)
            beat()
        # By position, not by the last record seen: compaction and transaction markers leave gaps at the end.
        at |= {place: await consumer.position(place) for place in left}
        left = {place for place in left if at[place] < ends[place]}
        if time.monotonic() - told > _TELL_SECONDS:
            told, read = time.monotonic(), sum(min(at[place], ends[place]) - first[place] for place in places)
            log.info(
                "recovery: %.0f %% of %d offsets, %d records, %d of %d partitions left",
                100 * read / total,
                total,
                count,
                len(left),
                len(places),
            )
    progress(total, total)
    log.info("recovered %d partitions: %d records in %.2f s", len(places), count, time.monotonic() - begun)
    return True


def _take(state: Registers, records: Iterable[Any]) -> None:
    for record in records:
        if not _is_register(record.key):
            raise DataUnusable(
                f"{record.topic}[{record.partition}] offset {record.offset} is no register: its key is damaged. "
                "Make the registers again from `events`: `databus rebuild --unchecked`.",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
            )
        state.put(record.key, record.value)


def _is_register(key: bytes | None) -> bool:
    """True if the key begins with two packed parts. What follows, and the value, is decoded when it is first used."""
    at = 0
    for _ in range(2):
        at += 2 + int.from_bytes((key or b"")[at : at + 2], "big")
    return key is not None and at <= len(key)
