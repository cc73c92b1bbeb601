"""Folding `events` again, a partition at a time and up to a bound, with the guarantees of the driver: a cut leaves no half.

The next generation is written by one fenced producer per partition, outputs, registers and offset in one transaction; so a
rebuild that was interrupted goes on where it stood, and one that comes back from the dead is fenced by its successor.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from databus.bus import metadata
from databus.bus.address import BusAddress
from databus.bus.coordinator import hear
from databus.bus.follow import record_of
from databus.bus.ledger import Place
from databus.bus.recovery import recover
from databus.bus.registers import Registers
from databus.bus.topics import EVENTS, REGISTERS
from databus.bus.transaction import Writer
from databus.errors import BusUnavailable, DataUnusable
from databus.model.chunk import Duty, Outcome, Processor

_SECONDS = 20.0
Progress = Callable[[int], None]
"""Told the next offset, after each chunk."""


async def committed(address: BusAddress, group: str) -> dict[int, int]:
    """The next offset of `events` a group is to take, by partition; 0 where it has taken nothing.

    Raises:
        BusUnavailable: the broker does not answer, or this user may not ask.
    """
    async with _Reader(address, group) as consumer:
        places = await _places(address, consumer)
        return {place.partition: await consumer.committed(place) or 0 for place in places}


async def registers_of(address: BusAddress, partition: int, *, beat: Callable[[], None] = lambda: None) -> Registers:
    """The registers of one partition as committed now, without taking anything over; raises as `recovery.recover`."""
    found = await recover(address, REGISTERS, (partition,), wanted=lambda: True, beat=beat)
    return found[partition] if found is not None else Registers()


async def refold(
    address: BusAddress,
    partition: int,
    *,
    group: str,
    transactional_id: str,
    processor: Processor,
    duty: Duty,
    until: int,
    outputs: Collection[str],
    batch_max: int = 2000,
    progress: Progress = lambda offset: None,
) -> Registers:
    """Fold one partition from where `group` stands up to the offset `until`; its registers then.

    Records that others under their key have replaced are left out, compacted or not: an erased content is told to nobody again.
    Of what the processor writes only the topics in `outputs` are written. `duty` ends what the records began (sweeps).

    Raises:
        BusUnavailable: the broker does not answer in time, or another rebuild has taken over.
        DataUnusable: the group stands behind `until` already: the generation was folded further than it may be compared.
    """
    writer = Writer(address, transactional_id, timeout_seconds=_SECONDS)
    source = Place(address.topic(EVENTS), partition)
    target = Place(address.topic(REGISTERS), partition)

    async def commit(outcome: Outcome, following: int) -> None:
        await writer.commit(
            group=address.topic(group),
            offsets={source: (following, "")},
            outputs=[output for output in outcome.outputs if output.topic in outputs],
            registers={target: outcome.registers} if outcome.registers else None,
        )
        state.apply(outcome.registers)

    try:
        await writer.start()
        state = await registers_of(address, partition)
        async with _Reader(address, group) as consumer:
            place = TopicPartition(*source)
            at = await consumer.committed(place) or 0
            if at > until:
                raise DataUnusable(f"{EVENTS}[{partition}] is folded up to {at} already, beyond {until}; begin the rebuild afresh")
            consumer.assign([place])
            begin = max(at, (await consumer.beginning_offsets([place]))[place])
            last = await _rewritten(consumer, place, begin) if at < until else {}
            consumer.seek(place, begin)
            while at < until:
                fetched = (await consumer.getmany(place, timeout_ms=500, max_records=batch_max)).get(place, [])
                records = [
                    record_of(address, record) for record in fetched if record.offset < until and last.get(record.key, -1) <= record.offset
                ]
                # Markers and what compaction took leave gaps, so the position counts.
                at = min(await consumer.position(place), until)
                if records:
                    await commit(processor(records, state), at)
                progress(at)
            while (left := duty(partition, state, 0, 0.0)) is not None:
                await commit(left, at)
    except (KafkaError, TimeoutError, OSError) as error:
        raise BusUnavailable(f"{EVENTS}[{partition}] could not be folded again: {type(error).__name__}: {error}") from error
    finally:
        await writer.stop()
    return state


async def _rewritten(consumer: Any, place: TopicPartition, begin: int) -> dict[bytes, int]:
    """Where the last record of each key lies that has several from `begin` to the end of the log: the log as its compaction will leave it.

    What the eraser has replaced is still there until then, and would be told anew. 65 bytes of memory per record.
    """
    seen, last = set[int](), dict[bytes, int]()
    end = (await consumer.end_offsets([place]))[place]
    consumer.seek(place, begin)
    while await consumer.position(place) < end:
        for record in (await consumer.getmany(place, timeout_ms=500)).get(place, []):
            # Two keys of one hash are told apart by what is kept: the key itself.
            number = hash(record.key)
            if number in seen:
                last[record.key] = record.offset
            seen.add(number)
    return last


class _Reader:
    """A consumer with a group's offsets that is no member of the group."""

    def __init__(self, address: BusAddress, group: str) -> None:
        self._consumer: Any = AIOKafkaConsumer(
            **address.client(),
            group_id=address.topic(group),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_wait_ms=100,
        )

    async def __aenter__(self) -> Any:
        await self._consumer.start()
        hear(self._consumer._coordinator)
        return self._consumer

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()


async def _places(address: BusAddress, consumer: Any) -> list[TopicPartition]:
    known = await metadata.cluster(consumer)
    topic = address.topic(EVENTS)
    return [TopicPartition(topic, number) for number in sorted(known.partitions_for_topic(topic) or ())]
