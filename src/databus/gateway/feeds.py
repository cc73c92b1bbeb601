"""The pull feed: steps of profiles as lines of JSON, resumable at every line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from databus.errors import DatabusError, Gone, Malformed, NotAllowed, NotFound
from databus.gateway import examples
from databus.gateway.feed_lines import Pair, control, lines, visible
from databus.gateway.lens import Lens, look
from databus.gateway.line import Line, purpose_of
from databus.gateway.positions import Position, opened, sealed, too_old
from databus.gateway.profiles import known
from databus.gateway.recording import ALLOW, DENY, Asked, decisions, denial, record
from databus.store.versions import Version
from databus.web.etags import json_answer
from databus.web.headers import request_id
from databus.web.paging import given_once, limit_of, seconds_of
from databus.web.streams import NDJSON, Bounded, yielding

FEED = "changes"
USUAL = 500
LONGEST_WAIT = 300
HEARTBEAT = 10.0
"""Seconds between two signs of life while nothing happens."""

Feed = Annotated[str, Path(description="Id of a feed.", examples=[FEED])]
Cursor = Annotated[str | None, Query(description="`cursor` of the last line you have taken; without one the feed begins at its beginning.")]
Limit = Annotated[str | None, Query(description="Steps at most, 1 to 1000.", examples=["500"])]
Wait = Annotated[str | None, Query(description="Seconds to wait if there is nothing new, at most 300.", examples=["60"])]
Start = Annotated[str | None, Query(alias="from", description="`now` begins behind everything that has happened.")]
Purpose = Annotated[str, Query(description="What for: a code of the list `purpose`.", examples=["P12"])]


@dataclass(frozen=True)
class Turn:
    """Steps decided and recorded. `behind` is the position after them; `more` and `whole` are those of `store.feed.Steps`."""

    lens: Lens
    pairs: tuple[Pair, ...]
    before: Position
    behind: Position
    more: bool
    whole: bool


def router(line: Line) -> APIRouter:
    """`/v1/feeds` and `/v1/feeds/{feed}/events`; the events are for callers with a token."""
    routes = APIRouter(tags=["feeds"], dependencies=[Depends(given_once)])
    problems = {"x-problems": [401, 403, 404, 410]}

    @routes.get("/v1/feeds", summary="All feeds", responses=examples.answer(examples.FEEDS))
    async def feeds(request: Request) -> Response:
        """The feeds there are."""
        title = {"zh": "信用信息变更", "en": "Changes of credit records"}
        return json_answer(request, {"feeds": [{"id": FEED, "title": title, "events": f"/v1/feeds/{FEED}/events"}]})

    @routes.get(
        "/v1/feeds/{feed}/events",
        summary="Events",
        response_class=Response,
        responses=examples.answer(examples.EVENTS, NDJSON),
        openapi_extra=problems,
    )
    async def events(
        request: Request,
        feed: Feed,
        cursor: Cursor = None,
        limit: Limit = None,
        wait: Wait = None,
        start: Start = None,
        purpose: Purpose = "",
    ) -> Response:
        """Steps as lines of JSON: `changed` with the record as you may have it now, or `withdrawn` with its key alone.

        Delete what is withdrawn. Steps of one subject keep their order; there is none between subjects. Every line carries
        the cursor behind it, and the last one is a control line: `end_of_page`, or `ended` with the reason if a page was
        refused. `plan_changed` says that you may see other things than before: begin without a cursor to have them all.
        """
        caller = await known(line, request)
        if feed != FEED:
            raise NotFound("There is no feed of this name; /v1/feeds lists them all.")
        if start not in (None, "now") or (start and cursor):
            raise Malformed("from is `now`, and stands without a cursor.", parameter="from")
        most, patience = limit_of(limit, usual=USUAL), seconds_of(wait, most=LONGEST_WAIT)
        stated = purpose_of(request)
        if cursor:
            position = opened(cursor, feed=feed, purpose=stated, caller=caller, line=line)
        else:
            version: Version = await (line.records.vector() if start else line.records.floor())
            position = Position(feed, stated, caller, version)
        first = await turn(line, position, limit=most, request=request_id(request))
        stream = told(line, first, limit=most, patience=patience, request=request_id(request))
        return Bounded(yielding(stream), media_type=NDJSON, headers={**line.as_of(), "Cache-Control": "private, no-store"})

    return routes


async def turn(line: Line, position: Position, *, limit: int, request: str) -> Turn:
    """Decide, read, redact, record at most `limit` steps.

    Raises:
        Gone: the position is too old. NotAllowed: policy leaves nothing of this feed. Unavailable: a port is away.
    """
    caller, purpose, today = position.caller, position.purpose, line.today()
    permit = await line.records.permit(caller.organisation, subject_key="", purpose=purpose, day=today)
    lens = await look(line.planner, caller, purpose=purpose, permit=permit)
    asked = Asked("feed.read", request)
    classes = lens.allowed
    if not classes:
        await record(line.trail, denial(asked, lens, clock=line.clock))
        raise NotAllowed("Policy leaves nothing of this feed to you for this purpose.", reasons=reasons_of(lens))
    try:
        steps = await line.records.steps(position.version, classes=classes, today=today, limit=limit)
    except Gone:
        raise await too_old(position, line) from None
    pairs = tuple(visible(line, lens, steps.rows))
    if pairs:
        made = decisions(asked, lens, [one for _, one in pairs if one], clock=line.clock)
        gone = tuple(row.record.record_key for row, one in pairs if one is None)
        outcome = ALLOW if made[0].outcome == DENY else made[0].outcome
        await record(line.trail, (replace(made[0], records=(*made[0].records, *gone), outcome=outcome), *made[1:]))
    return Turn(lens, pairs, position, position.at(steps.version, lens), steps.more, steps.whole)


async def told(line: Line, first: Turn, *, limit: int, patience: int, request: str) -> AsyncIterator[bytes]:
    """The lines of an answer: what there is, or what comes while the reader waits; then a control line."""
    if first.before.changed(first.lens):
        yield control("plan_changed", sealed(first.behind, line), advice="begin without a cursor to have all you may see now")
    page, taken, loop = first, 0, asyncio.get_running_loop()
    end, beat = loop.time() + patience, loop.time() + HEARTBEAT
    while True:
        for text in lines(line, page.lens, page.before, page.pairs):
            yield text
        taken += len(page.pairs)
        if page.whole and (taken or loop.time() >= end):
            break
        if page.whole:
            await line.records.wait(max(0.0, min(end, beat) - loop.time()))
        if loop.time() >= beat:
            beat = loop.time() + HEARTBEAT
            yield control("heartbeat", sealed(page.behind, line))
        try:
            page = await turn(line, page.behind, limit=limit - taken, request=request)
        except DatabusError as refusal:
            yield control("ended", sealed(page.behind, line), reason=refusal.code, status=refusal.status)
            return
    yield control("end_of_page", sealed(page.behind, line), more=page.more)


def reasons_of(lens: Lens) -> list[str]:
    """Every reason policy gave."""
    return sorted({reason for reasons in lens.withheld_types().values() for reason in reasons})
