"""Once a day: findings whose time is up, or that a later submission has settled, and what takes all of an entry to be found."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from databus.bootstrap.parts import now
from databus.bus.journal import Journal
from databus.bus.topics import FINDINGS
from databus.contract import wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model.finding import Answer, Finding
from databus.quality import batch, scorecards
from databus.store import closing, measures, scoring
from databus.store.retention import DAYS
from databus.store.sessions import Pool

SUBMISSION = "submission"
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Followed:
    """How many findings were answered, and what the daily checks had to say."""

    fixed: int
    overdue: int
    lapsed: int


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
        lapsed=await _checked(pool, journal, codec, contract, moment),
    )


async def _checked(pool: Pool, journal: Journal, codec: Codec, contract: Contract, moment: datetime) -> int:
    """The checks of a whole entry: told where they begin to fail, answered where they no longer do."""
    at, today = int(moment.timestamp() * 1000), moment.date()
    found = await measures.measured(
        pool,
        fields=list(batch.wanted(contract)),
        words=[row.code for row in contract.codes.rows("placeholder")],
        filled_since=at - contract.feedback.filled_days * _DAY_MS,
        dense=[name for name, kind in contract.types.items() if kind.dense],
        settled=at - _DAY_MS,
        entries=list(contract.entries),
        ended_since=at - DAYS * _DAY_MS,
    )
    standing = await measures.open_lapses(pool, batch.DAILY)
    said = batch.told(batch.lapses(contract, today, found), standing, contract, today=today, at=at)
    await tell(journal, codec, said)
    return len(said)


async def keep_scores(pool: Pool, contract: Contract, *, instant: datetime | None = None, everything: bool = False) -> date | None:
    """Count the scorecards of the months about which something was written since the last time; the first of them.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    today = (instant or now()).date()
    since, written_at = await scoring.reach(pool)
    begun = await scoring.beginning(pool)
    if begun is None:
        return None
    # The present month goes on even if nothing came: silence is counted too.
    first = begun if everything else min(since or today, today).replace(day=1)
    asked = scorecards.asked(contract, since=first, today=today)
    await scoring.count(pool, asked, since=first, today=today, calendar=contract.calendar, written_at=written_at)
    return first


async def _told(journal: Journal, codec: Codec, page: Callable[..., Awaitable[list[Answer]]]) -> int:
    count, after = 0, ""
    while found := await page(after=after):
        await tell(journal, codec, found)
        count, after = count + len(found), found[-1].finding_id
    return count


async def tell(journal: Journal, codec: Codec, said: Sequence[Finding | Answer]) -> None:
    """Make findings and answers durable, in any order."""
    async with asyncio.TaskGroup() as group:
        for one in said:
            value = wire.encode_answer(codec, one) if isinstance(one, Answer) else wire.encode_finding(codec, one)
            group.create_task(journal.append(FINDINGS, one.department.encode(), value))
