"""Reading by position: committed records only, and honest about what is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka import KafkaAdminClient, TopicPartition

from databus.bus import follow, offsets
from databus.bus.address import BusAddress
from databus.bus.journal import Journal
from databus.errors import DataUnusable, Misconfigured

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]


async def transaction(address: BusAddress, values: list[bytes], *, commit: bool) -> None:
    producer = AIOKafkaProducer(**address.client(), transactional_id=address.topic("in.tax.sender"))
    await producer.start()
    try:
        await producer.begin_transaction()
        for value in values:
            await producer.send_and_wait(address.topic("in.tax"), value, partition=0)
        await (producer.commit_transaction() if commit else producer.abort_transaction())
    finally:
        await producer.stop()


async def drained(address: BusAddress, positions: dict[tuple[str, int], int]) -> tuple[list[bytes | None], dict[tuple[str, int], int]]:
    """Every value from `positions` to the end, and where the reader then stands."""
    end, stop = await offsets.ends(address, ["in.tax"]), asyncio.Event()
    at: dict[tuple[str, int], int] = {}

    def moved(topic: str, partition: int, offset: int) -> None:
        at[topic, partition] = offset
        if all(at.get(place, 0) >= last for place, last in end.items()):
            stop.set()

    values = []
    async with asyncio.timeout(120):
        async for records in follow.follow(address, topics=["in.tax"], positions=positions, stop=stop, on_position=moved, batch_max=2):
            values += [record.value for record in records]
    return values, at


async def test_aborted_records_are_never_seen_and_the_end_is_reached(as_user: As) -> None:
    tax = as_user("tax")
    await transaction(tax, [b"a", b"b"], commit=True)
    await transaction(tax, [b"gone"], commit=False)
    await transaction(tax, [b"c"], commit=True)
    values, at = await drained(as_user("checker"), {})
    assert values == [b"a", b"b", b"c"]
    assert at["in.tax", 0] == (await offsets.ends(as_user("checker"), ["in.tax"]))["in.tax", 0] == 7
    assert (await drained(as_user("checker"), {("in.tax", 0): 1}))[0] == [b"b", b"c"]


async def test_a_record_by_its_place(as_user: As) -> None:
    async with Journal(as_user("tax")) as journal:
        place = await journal.append("in.tax", b"k", b"v", headers=(("h", b"1"),))
    checker = as_user("checker")
    found = await follow.read_at(checker, "in.tax", place.partition, place.offset)
    assert found is not None
    assert (found.topic, found.key, found.value, found.headers) == ("in.tax", b"k", b"v", (("h", b"1"),))
    assert await follow.read_at(checker, "in.tax", place.partition, place.offset + 1) is None
    assert await follow.read_at(checker, "in.tax", 99, 0) is None


async def test_a_position_that_is_gone_is_said_so(as_user: As) -> None:
    tax, checker = as_user("tax"), as_user("checker")
    await transaction(tax, [b"a", b"b"], commit=True)
    with closing(KafkaAdminClient(**checker.kafka_python())) as client:
        client.delete_records({TopicPartition(checker.topic("in.tax"), 0): 1})
    with pytest.raises(DataUnusable, match="no longer holds"):
        await drained(checker, {("in.tax", 0): 0})
    assert (await drained(checker, {}))[0] == [b"b"]


async def test_what_is_deleted_between_two_questions_is_measured_again(as_user: As, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that goes while `databus status` looks must not end it."""
    tax, checker = as_user("tax"), as_user("checker")
    await transaction(tax, [b"secret", b"b"], commit=True)
    ends, asked, until = AIOKafkaConsumer.end_offsets, list[int](), 1

    async def then_deleted(consumer: AIOKafkaConsumer, places: list[object]) -> object:
        found = await ends(consumer, places)
        asked.append(1)
        if len(asked) == 1:
            with closing(KafkaAdminClient(**checker.kafka_python())) as client:
                client.delete_records({TopicPartition(checker.topic("in.tax"), 0): until})
        return found

    monkeypatch.setattr(AIOKafkaConsumer, "end_offsets", then_deleted)
    assert await offsets.left(checker, ["in.tax"], {}) == {("in.tax", 0): 2, ("in.tax", 1): 0, ("in.tax", 2): 0}
    await transaction(tax, [b"c"], commit=True)
    until = 2
    asked.clear()
    assert await offsets.strays(checker, ["in.tax"], counts=lambda record: True) == {
        ("in.tax", 0): 2,
        ("in.tax", 1): 0,
        ("in.tax", 2): 0,
    }, "the ends of both transactions are left"


async def test_what_lies_behind_an_open_transaction_is_told_until_it_ends(as_user: As) -> None:
    """Nobody has it still to take, for nobody is given it: only this tells that something waits."""
    tax, checker = as_user("tax"), as_user("checker")
    opened = AIOKafkaProducer(**tax.client(), transactional_id=tax.topic("in.tax.sender"))
    await opened.start()
    try:
        await opened.begin_transaction()
        await opened.send_and_wait(tax.topic("in.tax"), b"open", partition=1)
        async with Journal(tax) as journal:
            for number in range(8):
                await journal.append("in.tax", b"%d" % number, b"v")
        written = (await offsets.uncommitted(checker, ["in.tax"]))["in.tax", 1]
        assert written >= 1
        assert await offsets.uncommitted(checker, ["in.tax"]) == {("in.tax", 1): written}
        assert (await offsets.left(checker, ["in.tax"], {}))["in.tax", 1] == 0
        await opened.commit_transaction()
        assert await offsets.uncommitted(checker, ["in.tax"]) == {}
        assert (await offsets.left(checker, ["in.tax"], {}))["in.tax", 1] == written + 1, "and the end of the transaction"
    finally:
        await opened.stop()


async def test_a_missing_topic_is_named(as_user: As) -> None:
    with pytest.raises(Misconfigured, match=r"in\.nobody"):
        await offsets.ends(as_user("checker"), ["in.nobody"])
