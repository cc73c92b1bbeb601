"""Stock Faust 0.15.3 as its guide has it: an agent, a table in memory with its changelog, a topic for what comes out."""

from __future__ import annotations

import asyncio
from typing import Any

import faust

from bench.merge.peers.meter import Meter, Order, main
from bench.merge.peers.simple import EVENT, PARTITIONS, change, decode, merge


def application(asked: Order, **settings: Any) -> faust.App:
    """An app on the order's broker; nothing is bent."""
    return faust.App(
        asked.group,
        broker=f"kafka://{asked.bootstrap}",
        broker_credentials=faust.SASLCredentials(username=asked.username, password=asked.password, mechanism="SCRAM-SHA-256"),
        store="memory://",
        topic_partitions=PARTITIONS,
        table_standby_replicas=0,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        # The best of what its settings can do for throughput (engines 1.4).
        producer_linger=0.02,
        producer_max_batch_size=256 * 1024,
        broker_max_poll_records=4000,
        **settings,
    )


async def run(asked: Order, meter: Meter) -> None:
    """Merge until there were enough."""
    enough = asyncio.Event()
    app = application(asked, datadir=asked.more["folder"])
    table = app.Table("registers", partitions=PARTITIONS)
    output = app.topic(asked.output, key_serializer="raw", value_serializer="raw")

    async def work(stream: Any) -> None:
        async for value in stream:
            event = decode(EVENT, value)
            key = f"{event['subject']}|{event['source']}"
            register = merge(table.get(key), event)
            if register is not None:
                table[key] = register
                await output.send(key=event["subject"].encode(), value=change(event, register))
            if meter.add(1):
                enough.set()

    app.agent(app.topic(*asked.source, key_serializer="raw", value_serializer="raw"))(work)
    await alive(app, enough)


async def alive(app: faust.App, enough: asyncio.Event) -> None:
    """Run an app until there is enough."""
    app.loop = asyncio.get_running_loop()
    app.finalize()
    await app.start()
    await enough.wait()
    await app.stop()


if __name__ == "__main__":
    main(run)
