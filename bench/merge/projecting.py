"""The projector's work beside COPY of the very rows it makes: what versions, indexes, the position and exactly-once cost on top."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from io import BytesIO

from bench.chaos.evidence import read_all
from bench.merge import full
from bench.merge.ground import Ground
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
TABLES = ("steps", "record_versions", "facts", "subject_names", "subject_codes")
_BARE = "bare"


def measure(ground: Ground, count: int, seed: int, rounds: int) -> Iterator[Row]:
    """Fold the sample once; each round projects its steps into empty tables, then copies the rows into tables without any index."""
    full.check(ground, full.feed(ground, count, seed, name=NAME), NAME)
    full.fold(ground, NAME)
    here = ground.here
    dsn = connected(here.settings, here.keys, "operator").postgres.dsn.get_secret_value()
    steps = asyncio.run(read_all(here.address("admin"), [f"{NAME}-fold-changes"]))
    found = [asyncio.run(once(dsn, steps, here.codec("admin"), here.contract, generation=turn + 2)) for turn in range(rounds)]
    yield plain("projector: steps into PostgreSQL, all indexes", middle([len(steps) / projected for projected, _ in found]), "steps/s")
    yield at_least("projector: COPY of the same rows / projector", middle([copied / projected for projected, copied in found]), 0.25)


async def once(dsn: str, steps: Sequence[Record], codec: Codec, contract: Contract, *, generation: int) -> tuple[float, float]:
    """Seconds to project steps into the empty tables of a generation, and to copy the rows that are there then."""
    await generations.prepare(dsn, contract, number=generation, parts=1 + max(record.partition for record in steps))
    pool = await database.connect(dsn, size=1, timeout_seconds=600.0, schema=generations.SCHEMA)
    try:
        async with session(pool) as connection:
            began = time.perf_counter()
            for chunk in _chunks(steps):
                await projection.project(connection, projection.CHANGES, chunk, codec, contract, generation=generation)
            projected = time.perf_counter() - began
            return projected, await _copied(connection)
    finally:
        await pool.close()


def _chunks(steps: Sequence[Record]) -> Iterator[Sequence[Record]]:
    parts = defaultdict[int, list[Record]](list)
    for record in steps:
        parts[record.partition].append(record)
    for rows in parts.values():
        yield from (rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK))


async def _copied(connection: Connection) -> float:
    await connection.execute(f"DROP SCHEMA IF EXISTS {_BARE} CASCADE; CREATE SCHEMA {_BARE}")
    spent = 0.0
    for table in TABLES:
        await connection.execute(f"CREATE TABLE {_BARE}.{table} (LIKE {generations.SCHEMA}.{table})")
        rows = BytesIO()
        await connection.copy_from_query(f"SELECT * FROM {generations.SCHEMA}.{table}", output=rows, format="binary")
        rows.seek(0)
        began = time.perf_counter()
        await connection.copy_to_table(table, schema_name=_BARE, source=rows, format="binary")
        spent += time.perf_counter() - began
    await connection.execute(f"DROP SCHEMA {_BARE} CASCADE")
    return spent
