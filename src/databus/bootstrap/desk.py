"""The quality desk of the intake, from the parts of its process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter

from databus.access.attempts import Attempts
from databus.access.logins import Logins
from databus.access.secrets import Hashing
from databus.bootstrap.parts import Process, now
from databus.bootstrap.seeing import Seeing
from databus.bus.lookup import find_keyed, read_many
from databus.department.http.again import Correction, publish_again
from databus.department.http.idempotency import microseconds
from databus.department.http.intake import Intake
from databus.department.http.restating import remembered
from databus.department.http.retractions import Retracting
from databus.model.finding import Answer
from databus.quality.originals import Originals, Sent
from databus.quality.pages import routes
from databus.quality.pages.desk import Desk
from databus.quality.pages.mending import Mend, Mending
from databus.quality.pages.office import Office
from databus.quality.pages.quarantine import Browsing
from databus.quality.pages.scores import Scores
from databus.quality.waiving import Waiving
from databus.store import accounts, causes, findings, logins, refused, scorecards
from databus.store.counts import Counts
from databus.store.sessions import Pool
from databus.web.pages import Pages


class Kept:
    """Logins in PostgreSQL; see `access.logins.Kept`."""

    def __init__(self, pool: Pool) -> None:
        self.begin = partial(logins.begin, pool)
        self.find = partial(logins.find, pool)
        self.end = partial(logins.end, pool)


def desk(
    made: Process, *, pool: Pool, pages: Pages, hashing: Hashing, tell: Callable[[Answer], Awaitable[None]], url: str, intake: Intake,
    retracting: Retracting, waiving: Waiving, seeing: Seeing,
) -> APIRouter:  # fmt: skip
    """The pages; `url` is where departments know them, `intake` takes what is published again."""
    entering = Logins(partial(accounts.find, pool), Kept(pool), hashing, now, Attempts(Counts(pool), now))
    office = Office(pages, made.contract, entering, secure=url.startswith("https:"))
    ports = Desk(
        office=office,
        by_cause=partial(causes.by_cause, pool),
        page=partial(findings.page, pool),
        story=partial(findings.story, pool),
        of_events=partial(findings.of_events, pool),
        tell=tell,
        clock=now,
        key=bytes.fromhex(made.keys.read("cursor.key")),
        scores=Scores(partial(scorecards.by_entry, pool), partial(scorecards.by_department, pool), partial(scorecards.months, pool)),
        waive=waiving,
    )
    key = bytes.fromhex(made.keys.read("quarantine.key"))

    async def known(department: str, names: Collection[str]) -> Mapping[str, Sent]:
        stated = await remembered(intake, retracting.past, department, names)
        return {name: Sent(one.record_type, one.envelope, one.payload) for name, one in stated.items()}

    originals = Originals(partial(read_many, made.address), partial(find_keyed, made.address), known, made.contract, intake.codec, key)

    async def again(department: str, mends: Sequence[Mend], dry_run: bool) -> Mapping[str, Any]:
        corrections = [
            Correction(
                one.sent.record_type, one.sent.envelope, one.sent.payload, one.cells, one.findings, one.accepted, one.submission_id
            )
            for one in mends
        ]  # fmt: skip
        return await publish_again(intake, department, corrections, dry_run=dry_run)

    async def retract(department: str, document: Any, dry_run: bool) -> Mapping[str, Any]:
        answer = await retracting(department, document, begun=microseconds(now()), dry_run=dry_run)
        return dict(orjson.loads(answer.body))

    browsing = Browsing(partial(refused.page, pool), originals, seeing)
    return routes.router(ports, Mending(originals, again), browsing, retract)
