"""Once a day: findings whose time is up, or that a later submission has settled, are told so in `findings`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from databus.bootstrap.parts import now
from databus.bus.journal import Journal
from databus.bus.topics import FINDINGS
from databus.contract import wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model.finding import Answer
from databus.store import closing
from databus.store.sessions import Pool

SUBMISSION = "submission"


@dataclass(frozen=True, slots=True)
class Followed:
    """How many findings were answered."""

    fixed: int
    overdue: int


async def follow_up(pool: Pool, journal: Journal, codec: Codec, contract: Contract, *, instant: datetime | None = None) -> Followed:
    """Answer all that is due. An answer that was given before changes nothing, so that a repeat is harmless.

    Raises:
        StoreUnavailable, BusUnavailable: the rest is for the next time.
    """
    moment = instant or now()
    at, rules = int(moment.timestamp() * 1000), [row.code for row in contract.codes.rows("dq_rule") if row.more["level"] == SUBMISSION]
    return Followed(
        fixed=await _told(journal, codec, partial(closing.mended, pool, rules=rules, at=at)),
        overdue=await _told(journal, codec, partial(closing.overdue, pool, today=moment.date(), at=at)),
    )


async def _told(journal: Journal, codec: Codec, page: Callable[..., Awaitable[list[Answer]]]) -> int:
    count, after = 0, ""
    while found := await page(after=after):
        await tell(journal, codec, found)
        count, after = count + len(found), found[-1].finding_id
    return count


async def tell(journal: Journal, codec: Codec, answers: Sequence[Answer]) -> None:
    """Make answers durable, in any order."""
    async with asyncio.TaskGroup() as group:
        for one in answers:
            group.create_task(journal.append(FINDINGS, one.department.encode(), wire.encode_answer(codec, one)))
