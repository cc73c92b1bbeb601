"""One way to send a submission per client library, each as its own documentation shows it; all of them wait until it is durable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from databus.bus.address import BusAddress
from databus.bus.topics import inbox
from databus.department.publisher import Publisher
from databus.department.submission import Submission
from databus.errors import DatabusError

Send = Callable[[BusAddress, str, Submission], Awaitable[None]]
SECONDS = 20


async def by_kafka_python(address: BusAddress, department: str, submission: Submission) -> None:
    failed: list[DatabusError] = []
    with Publisher(address, department) as publisher:
        publisher.publish(submission, lambda _, answer: failed.append(answer) if isinstance(answer, DatabusError) else None)
        publisher.flush()
    assert not failed


async def by_aiokafka(address: BusAddress, department: str, submission: Submission) -> None:
    async with AIOKafkaProducer(**address.client(), acks="all") as producer:
        await _sent(producer, address, department, submission)


async def by_aiokafka_in_transaction(address: BusAddress, department: str, submission: Submission) -> None:
    async with _transactional(address, department) as producer, producer.transaction():
        await _sent(producer, address, department, submission)


async def aborted_by_aiokafka(address: BusAddress, department: str, submission: Submission) -> None:
    async with _transactional(address, department) as producer:
        await producer.begin_transaction()
        await _sent(producer, address, department, submission)
        await producer.abort_transaction()


async def by_confluent(address: BusAddress, department: str, submission: Submission) -> None:
    _produced(confluent(address), address, department, submission)


async def by_confluent_in_transaction(address: BusAddress, department: str, submission: Submission) -> None:
    producer = _begun(address, department)
    _produced(producer, address, department, submission)
    producer.commit_transaction(SECONDS)


async def aborted_by_confluent(address: BusAddress, department: str, submission: Submission) -> None:
    producer = _begun(address, department)
    _produced(producer, address, department, submission)
    producer.abort_transaction(SECONDS)


SENDING: tuple[Send, ...] = (by_kafka_python, by_aiokafka, by_confluent, by_aiokafka_in_transaction, by_confluent_in_transaction)
ABORTING: tuple[Send, ...] = (aborted_by_aiokafka, aborted_by_confluent)


def confluent(address: BusAddress, **more: str) -> Any:
    """librdkafka with the partitioner that agrees with Kafka's own; its default does not."""
    told = address.client()
    settings = {
        "bootstrap.servers": told["bootstrap_servers"],
        "security.protocol": told["security_protocol"],
        "sasl.mechanism": told.get("sasl_mechanism", ""),
        "sasl.username": address.username,
        "sasl.password": address.password,
        "partitioner": "murmur2_random",
        "enable.idempotence": "true",
        **more,
    }
    return pytest.importorskip("confluent_kafka").Producer(settings)


def _begun(address: BusAddress, department: str) -> Any:
    producer = confluent(address, **{"transactional.id": address.topic(f"{inbox(department)}.confluent")})
    producer.init_transactions(SECONDS)
    producer.begin_transaction()
    return producer


def _produced(producer: Any, address: BusAddress, department: str, submission: Submission) -> None:
    failed: list[object] = []
    producer.produce(
        address.topic(inbox(department)),
        key=submission.key,
        value=submission.value,
        headers=list(submission.headers),
        on_delivery=lambda error, _: failed.append(error) if error else None,
    )
    assert producer.flush(SECONDS) == 0
    assert not failed


def _transactional(address: BusAddress, department: str) -> Any:
    return AIOKafkaProducer(**address.client(), transactional_id=address.topic(f"{inbox(department)}.aiokafka"))


async def _sent(producer: Any, address: BusAddress, department: str, submission: Submission) -> None:
    topic = address.topic(inbox(department))
    await producer.send_and_wait(topic, submission.value, key=submission.key, headers=list(submission.headers))
