"""What is counted in windows by all processes together: logins tried, requests made. Only hashes of keys are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from databus.model.count import Count
from databus.store.sessions import Pool, session

_COUNT = """
INSERT INTO counted AS c (key, used, ends_at) SELECT key, $2, $4 FROM unnest($1::bytea[]) AS asked (key) ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    used = CASE WHEN c.ends_at > $3 THEN c.used + excluded.used ELSE excluded.used END,
    ends_at = CASE WHEN c.ends_at > $3 THEN c.ends_at ELSE excluded.ends_at END
RETURNING key, used, ends_at
"""
_BACK = "UPDATE counted SET used = greatest(used - 1, 0) WHERE key = $1 AND ends_at > $2"
# Whoever is being counted is not waited for: two who wait for each other would both be refused.
_FORGET = "DELETE FROM counted WHERE key IN (SELECT key FROM counted WHERE ends_at <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)"


@dataclass(frozen=True)
class Counts:
    """`ports.Counts` in PostgreSQL."""

    pool: Pool

    async def count(self, keys: Sequence[str], *, by: int, now: datetime, window: timedelta) -> tuple[Count, ...]:
        """Use `by` more of each of these different keys; what was used in the window, this included. Windows that ended are forgotten."""
        hashed = [_hash(key) for key in keys]
        async with session(self.pool) as connection:
            await connection.execute(_FORGET, now)
            rows = await connection.fetch(_COUNT, hashed, by, now, now + window)
        found = {row["key"]: Count(row["used"], row["ends_at"]) for row in rows}
        return tuple(found[key] for key in hashed)

    async def forget(self, key: str) -> None:
        """Nothing of a key has been used."""
        async with session(self.pool) as connection:
            await connection.execute("DELETE FROM counted WHERE key = $1", _hash(key))

    async def give_back(self, key: str, *, now: datetime) -> None:
        """One use of a key was none."""
        async with session(self.pool) as connection:
            await connection.execute(_BACK, _hash(key), now)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
