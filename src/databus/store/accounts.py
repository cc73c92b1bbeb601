"""Accounts of clients and persons. Only a hash of the secret is kept; hashing is the caller's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from databus.errors import Conflict, NotFound
from databus.model.disclosure import Role
from databus.store.sessions import Pool, Row, session, storable

_COLUMNS = "client_id, secret_hash, role, organisation, created_at, disabled"


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `organisation` is the slug of a department or agency, empty for none."""

    client_id: str
    secret_hash: str
    role: Role
    organisation: str
    created_at: datetime
    disabled: bool


async def add(pool: Pool, client_id: str, *, secret_hash: str, role: Role, organisation: str = "") -> None:
    """Make an account.

    Raises:
        Conflict: there is one of that id.
        StoreUnavailable: PostgreSQL is away.
    """
    query = "INSERT INTO accounts (client_id, secret_hash, role, organisation) VALUES ($1, $2, $3, $4)"
    try:
        async with session(pool) as connection:
            await connection.execute(query, client_id, secret_hash, role.value, organisation)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(f"there is an account {client_id} already", client_id=client_id) from error


async def find(pool: Pool, client_id: str) -> Account | None:
    """The account of that id, disabled or not.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(client_id):
        return None
    async with session(pool) as connection:
        row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM accounts WHERE client_id = $1", client_id)
    return None if row is None else account_of(row)


async def all(pool: Pool) -> tuple[Account, ...]:
    """Every account by id.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        return tuple(map(account_of, await connection.fetch(f"SELECT {_COLUMNS} FROM accounts ORDER BY client_id")))


async def renew(pool: Pool, client_id: str, *, secret_hash: str) -> None:
    """Give an account another secret.

    Raises:
        NotFound: there is no account of that id.
        StoreUnavailable: PostgreSQL is away.
    """
    await _change(pool, client_id, "UPDATE accounts SET secret_hash = $2 WHERE client_id = $1 RETURNING client_id", secret_hash)


async def disable(pool: Pool, client_id: str, *, disabled: bool = True) -> None:
    """Close an account, or open it again; raises as `renew`."""
    await _change(pool, client_id, "UPDATE accounts SET disabled = $2 WHERE client_id = $1 RETURNING client_id", disabled)


async def _change(pool: Pool, client_id: str, query: str, value: object) -> None:
    async with session(pool) as connection:
        if await connection.fetchval(query, client_id, value) is None:
            raise NotFound(f"there is no account {client_id}", client_id=client_id)


def account_of(row: Row) -> Account:
    """An account from its columns, in their order."""
    client_id, secret_hash, role, *rest = row.values()
    return Account(client_id, secret_hash, Role(role), *rest)
