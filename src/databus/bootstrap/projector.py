"""The projector: changes, findings, permits and decisions into PostgreSQL, with the offset in the same transaction."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict

from databus.bootstrap.eraser import erase
from databus.bootstrap.followup import follow_up, keep_scores
from databus.bootstrap.loading import load
from databus.bootstrap.parts import Process, as_user, main, present, process, registered_codec
from databus.bootstrap.worker import until_replaced
from databus.bus import topics
from databus.bus.follow import follow
from databus.bus.journal import Journal
from databus.contract.codec import Codec
from databus.errors import StoreUnavailable, Unavailable
from databus.model.chunk import Record
from databus.settings import Settings
from databus.store import database, projection
from databus.store.retention import prune
from databus.store.sessions import Pool, session
from databus.telemetry import Health, own_page, serve, stop_signal

log = logging.getLogger(__name__)
_DAY_SECONDS = 86_400.0
_TELL_SECONDS = 5.0
_SETTLE_SECONDS = 60.0
FOLLOWED = (topics.CHANGES, topics.FINDINGS, topics.PERMITS, topics.DECISIONS)


def run(settings: Settings) -> int:
    """Project until told to stop; the exit code."""
    made = process("projector", settings)
    return main("projector", lambda: _project(made))


async def _project(made: Process) -> int:
    stop, health = stop_signal(), Health()
    made = await present(made)
    page = asyncio.create_task(
        serve(own_page(health, made.metrics), port=made.settings.projector.port, setting="DATABUS_PROJECTOR__PORT", stop=stop)
    )
    dsn = made.settings.postgres.dsn.get_secret_value()
    pool = await database.connect(dsn)
    codec = await asyncio.to_thread(registered_codec, made.address)
    beside = [asyncio.create_task(_prune(pool)), asyncio.create_task(until_replaced(made, stop))]
    try:
        if await load(made.address, dsn, codec, made.contract, progress=_telling(), beat=health.beat):
            log.info("the store is in generation %d now", made.address.generation)
        beside += [asyncio.create_task(_erase(made, pool, codec)), asyncio.create_task(_follow_up(made, pool, codec))]
        positions = await projection.positions(pool)
        health.ready = True
        async for chunk in follow(made.address, topics=FOLLOWED, positions=positions, stop=stop, beat=health.beat):
            started = time.perf_counter()
            async with session(pool) as connection:
                await projection.project(connection, chunk[0].topic, chunk, codec, made.contract, generation=made.address.generation)
            _count(made, chunk, time.perf_counter() - started)
            health.beat()
    finally:
        stop.set()
        for task in beside:
            task.cancel()
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


async def _erase(made: Process, pool: Pool, codec: Codec) -> None:
    """Once a day: what a DELETE has overtaken leaves `events` and the store."""
    while True:
        try:
            done = await erase(as_user(made, "eraser"), pool, codec)
            log.info("erased", extra=asdict(done))
        except Unavailable as error:
            log.warning("nothing could be erased today", extra={"cause": error.detail})
        await asyncio.sleep(_DAY_SECONDS)


async def _follow_up(made: Process, pool: Pool, codec: Codec) -> None:
    """Soon after the start, then once a day: findings whose time is up, or that a later submission has settled."""
    await asyncio.sleep(_SETTLE_SECONDS)
    while True:
        try:
            async with Journal(made.address) as journal:
                done = await follow_up(pool, journal, codec, made.contract)
            since = await keep_scores(pool, made.contract)
            log.info("followed up", extra={**asdict(done), "scored_since": str(since)})
        except Unavailable as error:
            log.warning("no finding could be followed up today", extra={"cause": error.detail})
        await asyncio.sleep(_DAY_SECONDS)


def _telling() -> Callable[[int, int], None]:
    told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told > _TELL_SECONDS:
            told = time.monotonic()
            log.info("loading the store: %d of %d", done, total)

    return tell


def _count(made: Process, chunk: Sequence[Record], seconds: float) -> None:
    made.metrics.records.labels(chunk[0].topic).inc(len(chunk))
    made.metrics.chunk.observe(seconds)
    made.metrics.lag.labels(chunk[0].topic).set(max(0.0, time.time() - max(record.timestamp for record in chunk) / 1000))
