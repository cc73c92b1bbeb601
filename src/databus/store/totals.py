"""How much there is to see."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from databus.store.rows import visible
from databus.store.sessions import Pool, session

_COUNT = f"""
SELECT count(DISTINCT r.subject_key) AS subjects, count(*) AS records FROM record_versions r
WHERE r.to_offset IS NULL AND r.payload IS NOT NULL AND {visible("r", classes="$1", today="$2")}
"""


async def count(pool: Pool, *, classes: Collection[int], today: date) -> tuple[int, int]:
    """How many subjects and how many records exist for a caller who may see these classes.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        row = await connection.fetchrow(_COUNT, list(classes), today)
    return (row["subjects"], row["records"]) if row else (0, 0)
