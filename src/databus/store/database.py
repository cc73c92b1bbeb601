"""The database as a whole: reach it, and bring it up to date."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

from databus.contract.catalogue import Contract
from databus.store import frame, partitions
from databus.store.sessions import Pool, session, translated

if TYPE_CHECKING:
    RawConnection = asyncpg.Connection[asyncpg.Record]

_JSONB_VERSION = b"\x01"
_LOCK = 0x6461_7461_6275_7301
"""Key of the advisory lock: two registrars at once do the work once."""
_MIGRATION_SECONDS = 600.0
_PAUSE_SECONDS = 0.2


async def connect(dsn: str, *, size: int = 8, timeout_seconds: float = 30.0, schema: str | None = None) -> Pool:
    """A pool of at most `size` connections; a statement that runs longer than the time-out fails.

    With `schema` its tables are found before those of everybody.

    Raises:
        StoreUnavailable: PostgreSQL does not answer or refuses the credentials.
    """
    async with translated():
        return await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            init=_speak_json,
            timeout=timeout_seconds,
            command_timeout=timeout_seconds,
            # What is asked differs a thousandfold (one character, a whole name): each question gets a plan of its own.
            server_settings={"plan_cache_mode": "force_custom_plan"} | ({"search_path": f"{schema}, public"} if schema else {}),
        )


async def _speak_json(connection: RawConnection) -> None:
    # COPY takes binary values only, so the codec is the binary form of jsonb: a version byte and the text.
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_jsonb, decoder=_json, format="binary")


def _jsonb(value: Any) -> bytes:
    # Bytes are JSON already: what goes into two tables is written once.
    return _JSONB_VERSION + (value if type(value) is bytes else orjson.dumps(value))


def _json(data: bytes) -> Any:
    return orjson.loads(data[1:])


async def migrate(dsn: str, contract: Contract) -> tuple[str, ...]:
    """Bring the schema up to this version and these contracts, all or nothing; the names of the migrations applied now.

    Raises:
        DataUnusable: the database was written by a version that differs in what is already applied.
        BadContract: a name in the contracts cannot be used.
        StoreUnavailable: PostgreSQL does not answer or refuses the credentials.
    """
    async with translated():
        connection = await asyncpg.connect(dsn, command_timeout=_MIGRATION_SECONDS)
        try:
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
                applied = await frame.apply(connection, frame.shipped())
                await partitions.ensure(connection, contract)
        finally:
            await connection.close()
    return applied


async def wait(pool: Pool, topic: str, seconds: float) -> bool:
    """True as soon as something of the topic has been applied, False if nothing was within `seconds`.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    # Asking again holds no connection in between; listening would hold one of the pool per waiting reader.
    before, until = await _applied(pool, topic), time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(_PAUSE_SECONDS, left))
        if await _applied(pool, topic) != before:
            return True
    return False


async def _applied(pool: Pool, topic: str) -> int:
    async with session(pool) as connection:
        applied: int = await connection.fetchval("SELECT coalesce(sum(next_offset), 0)::bigint FROM positions WHERE topic = $1", topic)
    return applied
