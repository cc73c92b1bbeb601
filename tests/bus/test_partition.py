"""Keys meet their partition whatever client sent them."""

from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as kafka_python_murmur2

from databus.bus.partition import murmur2, partition


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
    assert partition(b"6110536f-8564-52be-81eb-82a241949698", 12) == 9
    assert partition(b"", 12) == 9


@given(st.binary(max_size=80))
def test_as_the_clients_do(key: bytes) -> None:
    assert murmur2(key) == aiokafka_murmur2(key) & 0xFFFFFFFF == kafka_python_murmur2(key) & 0xFFFFFFFF
