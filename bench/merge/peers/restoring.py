"""Stock Faust 0.15.3 restoring a table from its changelog, by the bytes: nothing is decoded."""

from __future__ import annotations

import asyncio
from typing import Any

from bench.merge.peers.meter import Meter, Order, main
from bench.merge.peers.simple import PARTITIONS
from bench.merge.peers.stock import alive, application


async def run(asked: Order, meter: Meter) -> int:
    """Restore all; 0 if every record that should be there is."""
    enough = asyncio.Event()
    app = application(asked, datadir=asked.more["folder"])
    changelog = app.topic(
        asked.registers, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw", partitions=PARTITIONS
    )
    table = app.Table("registers", key_type=bytes, value_type=bytes, partitions=PARTITIONS, changelog_topic=changelog)

    async def assigned(sender: Any, /, *args: Any, **more: Any) -> None:
        meter.add(0)

    async def restored() -> None:
        if len(table) == asked.count:
            meter.add(len(table))
            enough.set()

    async def idle(stream: Any) -> None:
        async for value in stream:
            table[value] = value

    app.on_partitions_assigned.connect(assigned)
    table.on_recover(restored)
    app.agent(app.topic(*asked.source, key_serializer="raw", value_serializer="raw"))(idle)
    await alive(app, enough)
    return 0 if len(table) == asked.count else 1


if __name__ == "__main__":
    main(run)
