"""The projector's work beside COPY of the very rows it makes, into the same tables with the same indexes: what decoding,
versions, the position and exactly-once cost on top."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from io import BytesIO

import psutil

from bench.chaos.evidence import read_all
from bench.merge import full
from bench.merge.ground import Ground, Spent
from bench.merge.table import at_least, middle, plain
from databus.cli.bench import Row
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.local.connections import connected
from databus.model.chunk import Record
from databus.store import database, generations, projection
from databus.store.sessions import Connection, session

NAME, CHUNK = "projected", 2_000
"""Records of one transaction, as the projector takes them at most."""
TABLES = ("steps", "record_versions", "facts", "subjects", "subject_names", "subject_codes", "subject_moves", "positions", "clock")


def measure(ground: Ground, count: int, seed: int, rounds: int) -> Iterator[Row]:
    """Fold the sample once; each round projects its steps into empty tables, then copies the rows into the same tables, emptied.

    The CPU counts of this process and of the one that PostgreSQL works with: what the disk makes both wait for is neither's.
    """
    full.check(ground, full.feed(ground, count, seed, name=NAME), NAME)
    full.fold(ground, NAME)
    here = ground.here
    dsn = connected(here.settings, here.keys, "operator").postgres.dsn.get_secret_value()
    steps = asyncio.run(read_all(here.address("admin"), [f"{NAME}-fold-changes"]))
    found = [asyncio.run(once(dsn, steps, here.codec("admin"), here.contract, generation=2 * turn + 2)) for turn in range(rounds)]
    yield plain("projector: steps into PostgreSQL, all indexes", middle([one.events / one.wall for one, _ in found]), "steps/s")
    yield plain("projector: steps into PostgreSQL, both ends", middle([one.each for one, _ in found]), "µs CPU/step")
    ratios = [copied.cpu / projected.cpu for projected, copied in found]
    yield at_least("projector: COPY of the same rows, same indexes / projector", middle(ratios), 0.25)


async def once(dsn: str, steps: Sequence[Record], codec: Codec, contract: Contract, *, generation: int) -> tuple[Spent, Spent]:
    """What it takes to project steps into the empty tables of a generation, and to copy their rows into those of the next."""
    async with _empty(dsn, contract, steps, generation) as connection:
        before = await _spent(connection, 0)
        for chunk in _chunks(steps):
            await projection.project(connection, projection.CHANGES, chunk, codec, contract, generation=generation)
        projected = _between(before, await _spent(connection, len(steps)))
        rows = {table: await _rows(connection, table) for table in TABLES}
    async with _empty(dsn, contract, steps, generation + 1) as connection:
        await connection.execute(f"DELETE FROM {generations.SCHEMA}.positions")
        before = await _spent(connection, 0)
        await _copy(connection, rows)
        return projected, _between(before, await _spent(connection, len(steps)))


@asynccontextmanager
async def _empty(dsn: str, contract: Contract, steps: Sequence[Record], generation: int) -> AsyncIterator[Connection]:
    await generations.prepare(dsn, contract, number=generation, parts=1 + max(record.partition for record in steps))
    pool = await database.connect(dsn, size=1, timeout_seconds=600.0, schema=generations.SCHEMA)
    try:
        async with session(pool) as connection:
            yield connection
    finally:
        await pool.close()


def _chunks(steps: Sequence[Record]) -> Iterator[Sequence[Record]]:
    parts = defaultdict[int, list[Record]](list)
    for record in steps:
        parts[record.partition].append(record)
    for rows in parts.values():
        yield from (rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK))


async def _spent(connection: Connection, events: int) -> Spent:
    """CPU of both ends until now, and the time."""
    server = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()")).cpu_times()
    return Spent(events, time.process_time() + server.user + server.system, time.perf_counter())


def _between(before: Spent, after: Spent) -> Spent:
    return Spent(after.events, after.cpu - before.cpu, after.wall - before.wall)


async def _rows(connection: Connection, table: str) -> BytesIO:
    rows = BytesIO()
    await connection.copy_from_query(f"SELECT * FROM {generations.SCHEMA}.{table}", output=rows, format="binary")
    return rows


async def _copy(connection: Connection, rows: Mapping[str, BytesIO]) -> None:
    for table, held in rows.items():
        held.seek(0)
        await connection.copy_to_table(table, schema_name=generations.SCHEMA, source=held, format="binary")
