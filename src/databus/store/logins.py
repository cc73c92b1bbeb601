"""Logins of people at the desk, kept on the server: the browser holds a token, here lies only its hash."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from databus.store.accounts import Account, account_of
from databus.store.sessions import Pool, session

_BEGIN = "INSERT INTO logins (token, client_id, secret_hash, seen_at, ends_at) VALUES ($1, $2, $3, $4, $5)"
_SEEN = """
UPDATE logins l SET seen_at = $2 FROM accounts a
WHERE l.token = $1 AND l.ends_at > $2 AND l.seen_at > $3
    AND a.client_id = l.client_id AND a.secret_hash = l.secret_hash AND NOT a.disabled
RETURNING a.client_id, a.secret_hash, a.role, a.organisation, a.created_at, a.disabled
"""


async def begin(pool: Pool, token: str, account: Account, *, now: datetime, life: timedelta) -> None:
    """Keep a login; those that have ended are forgotten.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection, connection.transaction():
        await connection.execute("DELETE FROM logins WHERE ends_at <= $1", now)
        await connection.execute(_BEGIN, _hash(token), account.client_id, account.secret_hash, now, now + life)


async def find(pool: Pool, token: str, *, now: datetime, idle: timedelta) -> Account | None:
    """Whose login this is, as the account stands now; None once it has ended, was idle too long, or its secret was renewed.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        row = await connection.fetchrow(_SEEN, _hash(token), now, now - idle)
    return None if row is None else account_of(row)


async def end(pool: Pool, token: str) -> None:
    """Forget a login; safe to repeat.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        await connection.execute("DELETE FROM logins WHERE token = $1", _hash(token))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
