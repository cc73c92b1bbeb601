"""The label classes that occur: what policy is asked about."""

from __future__ import annotations

from databus.model.labels import LabelClass, parse_class
from databus.store.sessions import Pool, session


async def known(pool: Pool) -> tuple[LabelClass, ...]:
    """Every class that any record has or had.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        rows = await connection.fetch("SELECT canonical FROM label_classes ORDER BY class_id")
    return tuple(parse_class(row["canonical"]) for row in rows)
