"""Decode only: aiokafka and fastavro, nothing kept, nothing written. With `schemas`, framed values by schema id."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import fastavro
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.merge.peers.meter import Meter, Order, main
from bench.merge.peers.simple import EVENT, decode

_HEAD = 5


def framed(schemas: dict[str, Any]) -> Callable[[bytes], Any]:
    """Decodes values framed with the id of one of these schemas."""
    parsed = {int(number): fastavro.parse_schema(schema) for number, schema in schemas.items()}

    def read(value: bytes) -> Any:
        return fastavro.schemaless_reader(io.BytesIO(value[_HEAD:]), parsed[int.from_bytes(value[1:_HEAD], "big")], None)

    return read


async def run(asked: Order, meter: Meter) -> None:
    """Read and decode until there were enough."""
    read = framed(asked.more["schemas"]) if "schemas" in asked.more else lambda value: decode(EVENT, value)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=asked.bootstrap,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-256",
        sasl_plain_username=asked.username,
        sasl_plain_password=asked.password,
        isolation_level="read_committed",
        max_partition_fetch_bytes=1024 * 1024,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        cluster = await consumer._client.fetch_all_metadata()
        consumer.assign([TopicPartition(name, number) for name in asked.source for number in cluster.partitions_for_topic(name)])
        while True:
            for records in (await consumer.getmany(timeout_ms=1000, max_records=4000)).values():
                for record in records:
                    if record.value is not None:
                        read(record.value)
                if meter.add(len(records)):
                    return
    finally:
        await consumer.stop()


if __name__ == "__main__":
    main(run, loop=uvloop.new_event_loop)
