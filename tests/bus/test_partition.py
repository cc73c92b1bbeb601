"""Keys meet their partition whatever client sent them."""

from collections.abc import Callable
from random import Random

import pytest
from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as kafka_python_murmur2

from bus.fleet import read_all
from databus.bus.address import BusAddress
from databus.bus.partition import murmur2, partition, partitions
from live.publishers import confluent

GOLDEN = {
    b"21": 0,
    b"foobar": 6,
    b"a-little-bit-long-string": 8,
    b"a-little-bit-longer-string": 11,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": 5,
    b"abc": 3,
    b"6110536f-8564-52be-81eb-82a241949698": 9,
    b"": 9,
}
"""Keys and their partitions of twelve, from the hashes of Kafka's own test."""


def test_golden_vectors_of_kafkas_own_test() -> None:
    vectors = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        b"abc": 479470107,
    }
    assert {key: murmur2(key) for key in vectors} == {key: value & 0xFFFFFFFF for key, value in vectors.items()}


def test_golden_partitions() -> None:
    assert {key: partition(key, 12) for key in GOLDEN} == GOLDEN


@given(st.binary(max_size=80))
def test_as_the_clients_do(key: bytes) -> None:
    assert murmur2(key) == aiokafka_murmur2(key) & 0xFFFFFFFF == kafka_python_murmur2(key) & 0xFFFFFFFF


@given(st.lists(st.binary(max_size=12), max_size=40), st.integers(1, 12))
def test_many_at_once_are_those_of_each(keys: list[bytes], count: int) -> None:
    assert partitions(keys, count) == [partition(key, count) for key in keys]


@pytest.mark.live
async def test_as_confluents_murmur2_random_does(as_user: Callable[[str], BusAddress]) -> None:
    admin = as_user("admin")
    keys = [*GOLDEN, *(Random(size).randbytes(size) for size in range(1, 80))]
    producer = confluent(admin)
    for key in keys:
        producer.produce(admin.topic("events"), key=key, value=b"v")
    assert producer.flush(20) == 0
    found = {record.key: record.partition for record in await read_all(admin, "events")}
    assert {key: found[key] for key in GOLDEN} == GOLDEN
    assert found == {key: partition(key, 12) for key in keys}
