"""How far time has been applied: the day an answer holds for (design 8, `Databus-As-Of`)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import date, timedelta

from databus.errors import StoreUnavailable
from databus.model.clock import Tick
from databus.store.sessions import Connection, Pool, session

log = logging.getLogger(__name__)
_SECONDS = 1.0
_EPOCH = date(1970, 1, 1)
_BEHIND = """
SELECT EXISTS (
    SELECT FROM positions p LEFT JOIN clock c USING (part)
    WHERE p.topic = 'changes' AND p.next_offset > 0 AND (c.day IS NULL OR c.day < $1)
)
"""
_ADVANCE = "INSERT INTO clock (part, day) VALUES ($1, $2) ON CONFLICT (part) DO UPDATE SET day = greatest(clock.day, excluded.day)"


async def advance(connection: Connection, ticks: Iterable[tuple[int, Tick]]) -> None:
    """Take over ticks, each with the partition of `changes` it came by."""
    for part, tick in ticks:
        await connection.execute(_ADVANCE, part, _EPOCH + timedelta(days=tick.day))


async def lowest(pool: Pool) -> date | None:
    """The lowest day applied over the partitions; None before the first tick of any.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        found: date | None = await connection.fetchval("SELECT min(day) FROM clock")
    return found


async def reached(pool: Pool, day: date) -> bool:
    """True if this day has been applied wherever there is any step.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        return not await connection.fetchval(_BEHIND, day)


class Applied:
    """The lowest day applied, asked for about once a second: an older answer is a lower bound, so it never says too much."""

    day: date | None = None

    async def follow(self, pool: Pool) -> None:
        """Keep asking until cancelled; while PostgreSQL is away the last answer stands."""
        while True:
            try:
                self.day = await lowest(pool)
            except StoreUnavailable as error:
                log.info("the day applied is not known anew", extra={"cause": error.detail})
            await asyncio.sleep(_SECONDS)
