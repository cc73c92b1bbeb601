"""What of an inbox held no submission is told exactly, whatever was deleted: one that is lost cannot pass for a marker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka import TopicPartition as Partition

from bus.fleet import read_all
from bus.running import Running, eventually
from databus.bus import offsets
from databus.bus.address import BusAddress
from databus.bus.empty import Empty, empty
from databus.bus.truncation import MARKER_HEADERS
from databus.model.chunk import Outcome, Output, Record, State

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]
INBOXES = ("in.tax", "in.court")
PLACE = 1


async def transaction(address: BusAddress, topic: str, values: Sequence[bytes], *, commit: bool = True) -> None:
    producer = AIOKafkaProducer(**address.client(), transactional_id=address.topic(f"{topic}.sender"))
    await producer.start()
    await producer.begin_transaction()
    for value in values:
        await producer.send_and_wait(address.topic(topic), value, key=b"k", partition=PLACE)
    await (producer.commit_transaction() if commit else producer.abort_transaction())
    await producer.stop()


async def imitate_a_marker(address: BusAddress) -> None:
    producer = AIOKafkaProducer(**address.client())
    await producer.start()
    batch = producer.create_batch()
    batch.append(timestamp=None, key=None, value=None, headers=list(MARKER_HEADERS))
    await (await producer.send_batch(batch, address.topic("in.tax"), partition=PLACE))
    await producer.stop()


def judged(records: Sequence[Record], state: State) -> Outcome:
    """One output for each submission, but none for the one that gets lost."""
    told = [Output("events", b"k", record.value) for record in records if record.value != b"lost"]
    secrets = [record for record in records if record.value == b"SECRET"]
    return Outcome(told, unreadable=[(record.topic, record.partition, record.offset) for record in secrets])


def checking(address: BusAddress) -> Running:
    return Running(address, judged, "checker", INBOXES, roll_seconds=0.5)


async def unaccounted(as_user: As) -> tuple[int, int]:
    """Of the offsets that the inboxes took, those that neither held nothing nor were judged; and those of which nobody can tell."""
    taken = sum((await offsets.ends(as_user("checker"), INBOXES)).values())
    found = await empty(as_user("checker"), "checker", INBOXES)
    return taken - found.known - len(await read_all(as_user("admin"), "events")), found.untold


async def test_what_is_lost_shows_beside_deleted_secrets_and_the_ends_of_transactions(as_user: As) -> None:
    tax, checker = as_user("tax"), as_user("checker")

    async def drained() -> bool:
        return not any((await offsets.lag(checker, "checker", INBOXES)).values())

    async def deleted() -> bool:
        # Up to the checker's own marker, once it has read it.
        first = (await offsets.beginnings(checker, INBOXES))["in.tax", PLACE]
        return await drained() and first == 8

    await transaction(tax, "in.tax", [b"a", b"b"])
    await transaction(tax, "in.tax", [b"gone"], commit=False)
    await transaction(tax, "in.tax", [b"SECRET", b"c"])
    await transaction(as_user("court"), "in.court", [b"d"])
    async with checking(checker).started():
        await eventually(deleted)
        await imitate_a_marker(tax)
        await transaction(tax, "in.tax", [b"SECRET", b"e"])
        await eventually(drained)
    assert None in [record.value for record in await read_all(as_user("admin"), "events")], "what imitates a marker is judged"
    assert await unaccounted(as_user) == (0, 0), "nothing was lost"

    await transaction(tax, "in.tax", [b"lost", b"f"])
    async with checking(checker).started():
        await eventually(drained)
    assert await unaccounted(as_user) == (1, 0)


async def test_what_the_checker_never_took_shows_where_the_log_still_holds_it(as_user: As) -> None:
    checker = as_user("checker")
    await transaction(as_user("court"), "in.court", [b"a", b"skipped", b"b"])
    place = TopicPartition(checker.topic("in.court"), PLACE)
    async with AIOKafkaConsumer(**checker.client(), group_id=checker.topic("checker"), enable_auto_commit=False) as consumer:
        consumer.assign([place])
        await consumer.commit({place: (2, "")})

    async def drained() -> bool:
        return not any((await offsets.lag(checker, "checker", INBOXES)).values())

    async with checking(checker).started():
        await eventually(drained)
    assert await unaccounted(as_user) == (2, 0)
    assert await empty(checker, "checker", INBOXES) == Empty(known=1, untold=0)
    with closing(KafkaAdminClient(**as_user("admin").kafka_python())) as client:
        client.delete_records({Partition(*place): 2})
    assert await empty(checker, "checker", INBOXES) == Empty(known=1, untold=2), "of what lay before, nobody can tell any more"
