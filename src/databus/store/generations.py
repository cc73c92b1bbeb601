"""Loading the next generation of `changes` beside the present one, and putting it in its place in one transaction.

It is loaded into tables of the same names in a schema of its own, so that readers keep the old generation, whole, until all of
the new one is there. Nothing but what is made of `changes` is replaced.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from databus.contract.catalogue import Contract
from databus.errors import DataUnusable
from databus.store import frame, partitions
from databus.store.projection import CHANGES
from databus.store.reconciliation import WITH_TALLY, counted
from databus.store.sessions import Connection, Pool, session, translated
from databus.store.versions import current

SCHEMA = "loading"
REBUILT = frozenset(
    {
        "record_versions", "subjects",
        "subject_names", "subject_codes", "subject_moves", "steps", "facts", "erased", "feed_floor", "clock", "positions",
    }
)  # fmt: skip
"""Tables made of `changes` (of `positions`, its rows)."""
SHARED = frozenset(
    {
        "label_classes",
        "tally",
        "findings",
        "answers",
        "scorecards",
        "scorecard_reach",
        "reconciliation_samples",
        "logins",
        "counted",
        "replies",
        "decisions",
        "permits",
        "accounts",
        "migrations",
    }
)
"""Tables that are not: a rebuild leaves them alone."""

# Every event there ever was counts as it did: of those that are folded again some had left `steps`, and of those that are
# not some have been erased from `events`. Both are counted up to where both generations have come.
_REACHED = "SELECT origin_partition, max(origin_offset) AS reached FROM {}.steps GROUP BY 1"
_COMMON = f"""
CREATE TEMP TABLE common ON COMMIT DROP AS
SELECT origin_partition, least(o.reached, n.reached) AS reached
FROM ({_REACHED.format("public")}) o FULL JOIN ({_REACHED.format(SCHEMA)}) n USING (origin_partition)
"""
_WITHIN = "origin_offset <= (SELECT reached FROM common c WHERE c.origin_partition = s.origin_partition)"
_TALLY = f"""
INSERT INTO tally (class, submissions, places)
SELECT class, greatest(0, o.submissions - coalesce(n.submissions, 0)), greatest(0, o.places - coalesce(n.places, 0))
FROM ({WITH_TALLY.format(f"({counted(steps='public.steps s', step=_WITHIN)})")}) o
LEFT JOIN ({counted(steps=f"{SCHEMA}.steps s", step=_WITHIN)}) n USING (class)
ON CONFLICT (class) DO UPDATE SET submissions = excluded.submissions, places = excluded.places
"""

_LOCK = 0x6461_7461_6275_7302
_SECONDS = 600.0
_PAUSE_SECONDS = 1.0


async def generation(pool: Pool) -> int:
    """The generation of `changes` the store holds; 1 while it is empty.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        return (await current(connection)).generation


@asynccontextmanager
async def alone(dsn: str) -> AsyncIterator[None]:
    """Wait until no other process loads, and keep others from it.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with translated():
        connection = await asyncpg.connect(dsn)
    try:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110 - PostgreSQL cannot tell us
            await asyncio.sleep(_PAUSE_SECONDS)
        yield
    finally:
        await connection.close()


async def prepare(dsn: str, contract: Contract, *, number: int, parts: int) -> None:
    """Make the empty tables to load generation `number` into; those of an interrupted load of the same generation are kept.

    `parts` is the number of partitions of `changes`. Called `alone`.

    Raises:
        StoreUnavailable: PostgreSQL is away.
        DataUnusable: a table of the frame is neither rebuilt nor shared.
    """
    async with translated():
        connection = await asyncpg.connect(dsn, command_timeout=_SECONDS)
        try:
            async with connection.transaction():
                if await _begun(connection) == number:
                    return
                await connection.execute(
                    f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}; SET LOCAL search_path TO {SCHEMA}"
                )
                await frame.apply(connection, frame.shipped())
                await _without_shared(connection)
                await partitions.ensure(connection, contract)
                rows = [(CHANGES, part, 0, number) for part in range(parts)]
                await connection.executemany("INSERT INTO positions (topic, part, next_offset, generation) VALUES ($1, $2, $3, $4)", rows)
        finally:
            await connection.close()


async def _begun(connection: Connection) -> int | None:
    if await connection.fetchval(f"SELECT to_regclass('{SCHEMA}.positions') IS NULL"):
        return None
    found: int | None = await connection.fetchval(f"SELECT max(generation) FROM {SCHEMA}.positions")
    return found


async def _without_shared(connection: Connection) -> None:
    made = {name for name in await _tables(connection) if not name.startswith("record_versions_")}
    if unknown := made - REBUILT - SHARED:
        raise DataUnusable(f"the tables {', '.join(sorted(unknown))} are neither rebuilt nor shared (store/generations.py)")
    # At once: some of them refer to each other.
    await connection.execute(f"DROP TABLE {', '.join(f'{SCHEMA}.{name}' for name in sorted(made & SHARED))}")


async def _tables(connection: Connection) -> list[str]:
    query = "SELECT c.relname FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relkind, 1"
    return [row["relname"] for row in await connection.fetch(query, SCHEMA)]


async def swap(dsn: str, *, number: int) -> None:
    """Put the loaded generation in the place of the present one: one transaction, no reader sees anything between. Called `alone`.

    Raises:
        DataUnusable: it was not loaded. StoreUnavailable: PostgreSQL is away.
    """
    async with translated():
        connection = await asyncpg.connect(dsn, command_timeout=_SECONDS)
        try:
            async with connection.transaction():
                if await _begun(connection) != number:
                    raise DataUnusable(f"generation {number} was not loaded", generation=number)
                await connection.execute(_COMMON)
                await connection.execute(_TALLY)
                await connection.execute("DELETE FROM tally WHERE class IN ('other', 'copies')")
                # Not dropped: its rows of other topics stay.
                await connection.execute(
                    f"DELETE FROM positions WHERE topic = '{CHANGES}'; INSERT INTO positions SELECT * FROM {SCHEMA}.positions; "
                    f"DROP TABLE {SCHEMA}.positions"
                )
                loaded = await _tables(connection)
                for name in sorted(REBUILT - {"positions"}):
                    await connection.execute(f"DROP TABLE public.{name}")
                for name in loaded:
                    await connection.execute(f'ALTER TABLE {SCHEMA}."{name}" SET SCHEMA public')
                await connection.execute(f"DROP SCHEMA {SCHEMA}")
        finally:
            await connection.close()
