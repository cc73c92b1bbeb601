"""`/v1/departments/{department}/findings`: what is wrong with a department's submissions, and its answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from databus.access.callers import require_department
from databus.audit.search import instant
from databus.contract.catalogue import Contract
from databus.errors import Malformed, NotFound
from databus.model.disclosure import Caller
from databus.model.finding import Answer, FindingStatus, Tracked, Verdict
from databus.ports import Clock
from databus.quality.answers import answer_to
from databus.quality.shown import answered, listed, shown
from databus.store.findings import Filter, Place, Story, place
from databus.web.cursors import scope, seal, unseal
from databus.web.etags import json_answer
from databus.web.paging import limit_of

USUAL = 100


class Page(Protocol):
    """`store.findings.page` over a pool."""

    async def __call__(self, department: str, asked: Filter, *, after: Place | None, limit: int) -> tuple[Tracked, ...]: ...


Callers = Callable[[Request], Awaitable[Caller]]
"""Who asks; ANONYMOUS without credentials. Raises Unauthenticated for wrong ones."""
Tell = Callable[[Answer], Awaitable[None]]
"""Makes an answer durable in `findings`. Raises BusUnavailable where that is not known."""

Department = Annotated[str, Path(description="Slug of the department.", examples=["emergency"])]
FindingId = Annotated[str, Path(description="Id of a finding.")]
States = Annotated[list[str] | None, Query(alias="status", description="Only findings that stand there; may be repeated.")]
Verdicts = Annotated[list[str] | None, Query(alias="verdict", description="R rejected, H held, W warned; may be repeated.")]
Rule = Annotated[str, Query(description="Id of a rule.", examples=["DQ-ACC-01"])]
RecordType = Annotated[str, Query(description="Record type.", examples=["ADMIN_PENALTY"])]
CatalogCode = Annotated[str, Query(description="Code of a catalogue entry.", examples=["307004/000004"])]
Instant = Annotated[str | None, Query(description="Time of issue: a day (Asia/Shanghai) or an instant, ISO 8601.", examples=["2026-03-31"])]
Cursor = Annotated[str | None, Query(description="`next` of the page before.")]
Limit = Annotated[str | None, Query(description="Findings at most, 1 to 1000.", examples=["100"])]


class Said(BaseModel):
    """A department's answer."""

    model_config = ConfigDict(extra="forbid", str_max_length=4000)

    status: str = Field(description="ACK: seen, it will be mended. REJECTED: the finding is wrong.", examples=["ACK"])
    reason: str = Field(default="", description="Needed for an objection.", examples=["经核对原件，文号无误"])


@dataclass(frozen=True)
class Ports:
    """What the routes need. `key` (32 bytes) seals cursors."""

    page: Page
    story: Callable[[str, str], Awaitable[Story | None]]
    tell: Tell
    callers: Callers
    contract: Contract
    clock: Clock
    key: bytes


def router(ports: Ports) -> APIRouter:
    """The findings of a department: page, one, answer."""
    routes = APIRouter(tags=["findings"])
    problems = {"x-problems": [401, 403, 404]}

    @routes.get("/v1/departments/{department}/findings", summary="Findings, the latest first", openapi_extra=problems)
    async def page(
        request: Request,
        department: Department,
        states: States = None,
        verdicts: Verdicts = None,
        rule: Rule = "",
        record_type: RecordType = "",
        catalog_code: CatalogCode = "",
        since: Instant = None,
        until: Instant = None,
        cursor: Cursor = None,
        limit: Limit = None,
    ) -> Response:
        """What is wrong with the department's submissions and where each finding stands; `next` goes on behind this page."""
        caller = await _known(ports, request, department)
        asked = Filter(
            states=_of(states, FindingStatus, "status"),
            verdicts=_of(verdicts, Verdict, "verdict"),
            rule=rule,
            record_type=record_type,
            catalog_code=catalog_code,
            since=instant(since) if since else 0,
            until=instant(until, whole_day=True) if until else None,
        )
        most, bound = limit_of(limit, usual=USUAL), scope("findings", department, asked, caller.name)
        after = _after(cursor, key=ports.key, bound=bound)
        found = await ports.page(department, asked, after=after, limit=most + 1)
        more = place(found[most - 1]) if len(found) > most else None
        behind = None if more is None else seal({"at": more[0], "id": more[1]}, key=ports.key, scope=bound)
        return json_answer(request, {"findings": listed(found[:most], ports.contract), "next": behind}, headers=_PRIVATE)

    @routes.get("/v1/departments/{department}/findings/{finding_id}", summary="One finding", openapi_extra=problems)
    async def one(request: Request, department: Department, finding_id: FindingId) -> Response:
        """The finding, every answer in its order, and what else was found in the same submission."""
        await _known(ports, request, department)
        story = await _story(ports, department, finding_id)
        told = {"answers": [answered(one) for one in story.answers], "beside": listed(story.beside, ports.contract)}
        return json_answer(request, shown(story.tracked, ports.contract) | told, headers=_PRIVATE)

    @routes.post(
        "/v1/departments/{department}/findings/{finding_id}/answers",
        summary="Answer a finding",
        status_code=202,
        openapi_extra={"x-problems": [401, 403, 404, 409]},
    )
    async def answer(request: Request, department: Department, finding_id: FindingId, said: Said) -> Response:
        """Acknowledge a finding or object to it. Durable when this returns; shown as soon as it has been read back.

        A finding is *fixed* by a submission that names it in its header `databus-fixes`.
        """
        caller = await _known(ports, request, department, answers=True)
        story = await _story(ports, department, finding_id)
        at = int(ports.clock().timestamp() * 1000)
        told = answer_to(story.tracked, said.status, by=caller.name, at=at, reason=said.reason)
        await ports.tell(told)
        return JSONResponse({"finding_id": finding_id, **answered(told)}, status_code=202, headers=_PRIVATE)

    return routes


_PRIVATE = {"Cache-Control": "private, no-store"}


async def _known(ports: Ports, request: Request, department: str, *, answers: bool = False) -> Caller:
    caller = await ports.callers(request)
    require_department(caller, department, answers=answers)
    if department not in ports.contract.departments:
        raise NotFound("There is no department of this name.", department=department)
    return caller


async def _story(ports: Ports, department: str, finding_id: str) -> Story:
    story = await ports.story(department, finding_id)
    if story is None:
        raise NotFound("The department has no finding of this id.")
    return story


def _of(told: list[str] | None, words: Any, parameter: str) -> Collection[str] | None:
    known = [word.value for word in words]
    if told is not None and not set(told) <= set(known):
        raise Malformed(f"{parameter} is one of {', '.join(known)}.", parameter=parameter, known=known)
    return told


def _after(cursor: str | None, *, key: bytes, bound: bytes) -> Place | None:
    if not cursor:
        return None
    content = unseal(cursor, key=key, scope=bound)
    return content["at"], content["id"]
