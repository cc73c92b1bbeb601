"""Provisioning on a real broker, and what its permissions then refuse."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError, TransactionalIdAuthorizationFailed
from kafka import KafkaAdminClient

from databus.bus import admin, follow, offsets
from databus.bus.address import BusAddress
from databus.bus.journal import Journal
from databus.errors import BusUnavailable, Misconfigured, NotAllowed, TooLarge

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]


async def test_a_department_writes_to_its_inbox_and_to_no_other(as_user: As) -> None:
    async with Journal(as_user("tax")) as journal:
        place = await journal.append("in.tax", b"k", b"v")
        with pytest.raises(NotAllowed):
            await journal.append("in.court", b"k", b"v")
        with pytest.raises(NotAllowed):
            await journal.append("events", b"k", b"v")
    assert place.offset == 0
    assert place.timestamp > 0


async def test_a_department_reads_nothing_and_takes_no_transactional_id_of_ours(as_user: As) -> None:
    tax = as_user("tax")
    consumer = AIOKafkaConsumer(tax.topic("in.tax"), **tax.client(), group_id=tax.topic("checker"))
    with pytest.raises((GroupAuthorizationFailedError, TopicAuthorizationFailedError)):
        try:
            await consumer.start()
            await consumer.getone()
        finally:
            await consumer.stop()
    producer = AIOKafkaProducer(**tax.client(), transactional_id=tax.topic("checker-slot-0"))
    with pytest.raises(TransactionalIdAuthorizationFailed):
        await producer.start()
    await producer.stop()


async def test_the_operator_sees_sizes_but_no_submission(as_user: As) -> None:
    async with Journal(as_user("tax")) as journal:
        await journal.append("in.tax", b"k", b"v")
    assert sum((await offsets.ends(as_user("operator"), ["in.tax"])).values()) == 1
    with pytest.raises(BusUnavailable, match="TopicAuthorizationFailed"):
        async for _ in follow.follow(as_user("operator"), topics=["in.tax"], positions={}):
            pytest.fail("the operator read an inbox")


async def test_an_oversized_record_is_refused(as_user: As) -> None:
    async with Journal(as_user("tax")) as journal:
        with pytest.raises(TooLarge):
            await journal.append("in.tax", b"k", b"x" * 1_100_000)
        assert (await journal.append("in.tax", b"k", b"good")).offset == 0


def test_provisioning_twice_changes_nothing(as_user: As) -> None:
    root = as_user("admin")

    def state() -> object:
        with closing(KafkaAdminClient(**root.kafka_python())) as client:
            return sorted(topic for topic in client.list_topics() if topic.startswith(root.prefix)), len(admin._existing(client))

    before = state()
    admin.provision(root, departments=("tax", "court"), passwords={}, inbox_segment_ms=10_000)
    assert state() == before


def test_a_wrong_partition_count_stops_with_what_to_do(as_user: As) -> None:
    root = replace(as_user("admin"), prefix=as_user("admin").prefix + "x.")
    with closing(KafkaAdminClient(**root.kafka_python())) as client:
        client.create_topics({root.topic("events"): {"num_partitions": 5, "replication_factor": 1}}, wait_for_metadata=True)
    with pytest.raises(Misconfigured, match="has 5 partitions and needs 12") as refused:
        admin.provision(root, departments=(), passwords={})
    assert "DATABUS_BUS__PREFIX" in refused.value.detail


def test_a_wrong_password_is_refused_soon(as_user: As) -> None:
    with pytest.raises(BusUnavailable):
        admin.provision(replace(as_user("admin"), password="wrong"), departments=(), passwords={})
