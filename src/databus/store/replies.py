"""Replies kept for requests that may be repeated: one request per key and department, one answer, for a day."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from databus.errors import Conflict, Unprocessable
from databus.store.sessions import Pool, session

LIFE = timedelta(hours=24)
HELD = timedelta(seconds=60)
"""How long a request is under way at most; one whose process died is free to be repeated after that."""

_BEGIN = """
INSERT INTO replies (department, key, fingerprint, begun, holder, held_until, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (department, key) DO UPDATE SET
    fingerprint = excluded.fingerprint, begun = excluded.begun, holder = excluded.holder, held_until = excluded.held_until,
    expires_at = excluded.expires_at, status = NULL, media_type = NULL, body = NULL
WHERE replies.expires_at <= $8
RETURNING begun
"""
_FOUND = "SELECT fingerprint, begun, held_until, status, media_type, body FROM replies WHERE department = $1 AND key = $2 FOR UPDATE"
_TAKE_OVER = "UPDATE replies SET holder = $3, held_until = $4 WHERE department = $1 AND key = $2"
_KEEP = """
UPDATE replies SET status = $4, media_type = $5, body = $6 WHERE department = $1 AND key = $2 AND holder = $3 AND status IS NULL
"""
_RELEASE = "UPDATE replies SET held_until = 'epoch' WHERE department = $1 AND key = $2 AND holder = $3 AND status IS NULL"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it left: status, content type, body."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Turn:
    """It is this request's turn. `begun` is when its first try began (microseconds since 1970), `holder` names the try."""

    begun: int
    holder: str


class Replies:
    """The table of replies."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, department: str, key: str, *, fingerprint: bytes, begun: int, now: datetime) -> Turn | Reply:
        """Take the turn of a request, or the answer it has got already. `fingerprint` tells one request from another.

        Raises:
            Conflict: it is under way. Unprocessable: another request had this key.
            StoreUnavailable: PostgreSQL is away.
        """
        holder = str(uuid.uuid4())
        async with session(self._pool) as connection, connection.transaction():
            taken = await connection.fetchval(_BEGIN, department, key, fingerprint, begun, holder, now + HELD, now + LIFE, now)
            if taken is not None:
                return Turn(taken, holder)
            row = await connection.fetchrow(_FOUND, department, key)
            # The conflict above has locked it.
            assert row is not None
            if row["fingerprint"] != fingerprint:
                raise other()
            if row["status"] is not None:
                return Reply(row["status"], row["media_type"], row["body"])
            if row["held_until"] > now:
                raise busy()
            await connection.execute(_TAKE_OVER, department, key, holder, now + HELD)
            return Turn(row["begun"], holder)

    async def keep(self, department: str, key: str, turn: Turn, answer: Reply) -> None:
        """Keep the answer for repeats; nothing where another try has taken over.

        Raises:
            StoreUnavailable: PostgreSQL is away.
        """
        async with session(self._pool) as connection:
            await connection.execute(_KEEP, department, key, turn.holder, answer.status, answer.media_type, answer.body)

    async def release(self, department: str, key: str, turn: Turn) -> None:
        """Let the request be repeated at once: this try came to no answer; raises as `keep`."""
        async with session(self._pool) as connection:
            await connection.execute(_RELEASE, department, key, turn.holder)


def busy() -> Conflict:
    """The refusal of a request whose twin is under way."""
    return Conflict("A request with this Idempotency-Key is under way; repeat it in a moment.", header="idempotency-key")


def other() -> Unprocessable:
    """The refusal of a request under the key of another."""
    return Unprocessable("Another request had this Idempotency-Key: a key is for one request and its repeats.", header="idempotency-key")
