"""The projector: changes, findings, permits and decisions into PostgreSQL, with the offset in the same transaction."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from databus.bootstrap.parts import Process, main, process, registered_codec
from databus.bus import topics
from databus.bus.follow import follow
from databus.errors import StoreUnavailable
from databus.model.chunk import Record
from databus.settings import Settings
from databus.store import database, projection
from databus.store.retention import prune
from databus.store.sessions import Pool, session
from databus.telemetry import Health, own_page, serve, stop_signal

log = logging.getLogger(__name__)
_DAY_SECONDS = 86_400.0
FOLLOWED = (topics.CHANGES, topics.FINDINGS, topics.PERMITS, topics.DECISIONS)


def run(settings: Settings) -> int:
    """Project until told to stop; the exit code."""
    made = process("projector", settings)
    return main("projector", lambda: _project(made))


async def _project(made: Process) -> int:
    stop, health = stop_signal(), Health()
    page = asyncio.create_task(
        serve(own_page(health, made.metrics), port=made.settings.projector.port, setting="DATABUS_PROJECTOR__PORT", stop=stop)
    )
    pool = await database.connect(made.settings.postgres.dsn.get_secret_value())
    codec = await asyncio.to_thread(registered_codec, made.address)
    tidying = asyncio.create_task(_prune(pool))
    try:
        positions = await projection.positions(pool)
        health.ready = True
        async for chunk in follow(made.address, topics=FOLLOWED, positions=positions, stop=stop, beat=health.beat):
            started = time.perf_counter()
            async with session(pool) as connection:
                await projection.project(connection, chunk[0].topic, chunk, codec, made.contract)
            _count(made, chunk, time.perf_counter() - started)
            health.beat()
    finally:
        stop.set()
        tidying.cancel()
        await page
        await pool.close()
    return 0


async def _prune(pool: Pool) -> None:
    """Once a day: what has been kept long enough leaves, and the feed's floor rises with it."""
    while True:
        try:
            await prune(pool, now=int(time.time() * 1000))
        except StoreUnavailable as error:
            log.warning("nothing could be pruned today", extra={"cause": error.detail})
        await asyncio.sleep(_DAY_SECONDS)


def _count(made: Process, chunk: Sequence[Record], seconds: float) -> None:
    made.metrics.records.labels(chunk[0].topic).inc(len(chunk))
    made.metrics.chunk.observe(seconds)
    made.metrics.lag.labels(chunk[0].topic).set(max(0.0, time.time() - chunk[-1].timestamp / 1000))
