"""Connections of the pool, and one error for every way of losing them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from databus.errors import DataUnusable, StoreUnavailable

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Row: TypeAlias = asyncpg.Record
else:
    # The classes cannot be subscripted at run time.
    Pool = Connection = Row = Any

_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # The server's farewell, when it comes between two statements, leaves the client in a state it cannot leave.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
)
_UNUSABLE = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidCatalogNameError)


@asynccontextmanager
async def session(pool: Pool) -> AsyncIterator[Connection]:
    """A connection of the pool.

    Raises:
        StoreUnavailable: PostgreSQL is away.
        DataUnusable: the database lacks what the registrar makes.
    """
    async with translated(), pool.acquire() as connection:
        yield connection


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Connection]:
    """A connection whose statements all see the same committed state; raises as `session`."""
    async with session(pool) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        yield connection


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """PostgreSQL's errors as ours; those that mean a defect pass as they are."""
    try:
        yield
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise StoreUnavailable("PostgreSQL refuses the credentials", cause=type(error).__name__) from error
    except _UNUSABLE as error:
        raise DataUnusable(f"the database is not set up ({error}); run the registrar first", cause=type(error).__name__) from error
    except _AWAY as error:
        raise StoreUnavailable("PostgreSQL does not answer", cause=type(error).__name__) from error


def values(row: Row) -> dict[str, Any]:
    """A row by column names; arrays are tuples, as in the model."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}


def storable(*texts: str | None) -> bool:
    """True if PostgreSQL can hold these texts: valid Unicode without the character NUL. What it cannot hold is not there."""
    try:
        return all(text is None or b"\x00" not in text.encode() for text in texts)
    except UnicodeEncodeError:
        return False
