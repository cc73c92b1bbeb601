"""Quix Streams as its guide has it: a streaming dataframe, state in RocksDB with its changelog, a topic for what comes out."""

from __future__ import annotations

from typing import Any

from quixstreams import Application
from quixstreams.kafka.configuration import ConnectionConfig

from bench.merge.peers.meter import Meter, Order, order
from bench.merge.peers.simple import EVENT, change, decode, merge


def run(asked: Order, meter: Meter) -> None:
    """Merge until there were enough; at least once, which is its default."""

    def counted(*_: Any) -> None:
        if meter.add(1):
            app.stop()

    app = Application(
        broker_address=ConnectionConfig(
            bootstrap_servers=asked.bootstrap,
            security_protocol="sasl_plaintext",
            sasl_mechanism="SCRAM-SHA-256",
            sasl_username=asked.username,
            sasl_password=asked.password,
        ),
        consumer_group=asked.group,
        auto_offset_reset="earliest",
        state_dir=asked.more["folder"],
        auto_create_topics=True,
        loglevel="WARNING",
        on_message_processed=counted,
    )

    def work(value: bytes, state: Any) -> bytes | None:
        event = decode(EVENT, value)
        register = merge(state.get(event["source"]), event)
        if register is None:
            return None
        state.set(event["source"], register)
        return change(event, register)

    (source,) = asked.source
    changes = app.topic(asked.output, key_serializer="bytes", value_serializer="bytes")
    frame = app.dataframe(app.topic(source, key_deserializer="bytes", value_deserializer="bytes"))
    frame.apply(work, stateful=True).filter(lambda value: value is not None).to_topic(changes)
    app.run()


if __name__ == "__main__":
    _asked = order()
    _meter = Meter(_asked.count)
    run(_asked, _meter)
    _meter.tell()
