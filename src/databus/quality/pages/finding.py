"""`/desk/{department}/findings/{finding_id}`: one finding, what it rests on, and the department's answer."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from databus.access.logins import Visit
from databus.errors import Conflict, Gone, Malformed, NotFound
from databus.model.finding import FOLLOWS, OPEN, Answer, FindingStatus, Verdict
from databus.quality.answers import answer_to
from databus.quality.pages.causes import listed
from databus.quality.pages.desk import Desk
from databus.quality.pages.office import PATH, PRIVATE, Form
from databus.quality.pages.speech import Speech, instant
from databus.store.findings import Story
from databus.web.headers import request_id

LOOKS, PAUSE_SECONDS = 15, 0.2
"""How often it is looked whether an answer has come back from the log, and the pause between."""


def router(desk: Desk) -> APIRouter:
    """The page and what its form does."""
    routes = APIRouter(include_in_schema=False)
    office = desk.office
    path = f"{PATH}/{{department}}/findings/{{finding_id}}"

    async def show(request: Request, visit: Visit) -> Response:
        department = office.department(request, visit)
        story = await _story(desk, department, request)
        return _page(desk, request, visit, story, told=request.query_params.get("told", ""))

    async def answer(request: Request, visit: Visit, form: Form) -> Response:
        department = office.department(request, visit, answers=True)
        story = await _story(desk, department, request)
        status, reason = form.get("status", ""), form.get("reason", "")
        try:
            told = answer_to(story.tracked, status, by=visit.caller.name, at=int(desk.clock().timestamp() * 1000), reason=reason)
        except (Malformed, Conflict) as error:
            problem = "conflict" if isinstance(error, Conflict) else "reason"
            return _page(desk, request, visit, story, problem=problem, reason=reason, status=error.status)
        await desk.tell(told)
        seen = await _seen(desk, department, told)
        finding = story.tracked.finding.finding_id
        return RedirectResponse(f"{PATH}/{department}/findings/{finding}{'' if seen else '?told=later'}", 303, headers=PRIVATE)

    async def waive(request: Request, visit: Visit, form: Form) -> Response:
        department = office.department(request, visit, answers=True)
        story, reason = await _story(desk, department, request), form.get("reason", "")
        finding = story.tracked.finding.finding_id
        try:
            await desk.waive(department, finding, by=visit.caller, reason=reason, request=request_id(request))
        except (Malformed, Conflict, Gone) as error:
            problem = "reason" if isinstance(error, Malformed) else "waiver"
            return _page(desk, request, visit, story, problem=problem, reason=reason, status=error.status)
        return RedirectResponse(f"{PATH}/{department}/findings/{finding}?told=waived", 303, headers=PRIVATE)

    routes.add_api_route(path, office.view(show))
    routes.add_api_route(f"{path}/waivers", office.act(waive), methods=["POST"])
    routes.add_api_route(f"{path}/answers", office.act(answer), methods=["POST"])
    return routes


async def _story(desk: Desk, department: str, request: Request) -> Story:
    story = await desk.story(department, str(request.path_params["finding_id"]))
    if story is None:
        raise NotFound("The department has no finding of this id.")
    return story


async def _seen(desk: Desk, department: str, told: Answer) -> bool:
    """Whether the answer has come back, so that the reader sees it on the next page."""
    for _ in range(LOOKS):
        story = await desk.story(department, told.finding_id)
        if story is not None and story.tracked.status is told.status:
            return True
        await asyncio.sleep(PAUSE_SECONDS)
    return False


def _page(
    desk: Desk, request: Request, visit: Visit, story: Story, *, told: str = "", problem: str = "", reason: str = "", status: int = 200
) -> Response:
    speak, finding = desk.office.speech(request), story.tracked.finding
    page = {
        "one": _facts(story, speak),
        "history": [_step(one, speak) for one in story.answers],
        "beside": listed(story.beside, finding.department, speak),
        "home": f"{PATH}/{finding.department}",
        "may_acknowledge": story.tracked.status in FOLLOWS[FindingStatus.ACK],
        "may_object": story.tracked.status in FOLLOWS[FindingStatus.REJECTED],
        "held": finding.verdict is Verdict.HOLD and story.tracked.status in OPEN,
        "told": told if told in ("later", "waived") else "",
        "problem": problem,
        "reason": reason,
    }
    return desk.office.answer(request, visit, "finding.html", page, status=status)


def _facts(story: Story, speak: Speech) -> dict[str, Any]:
    one = story.tracked.finding
    (row,) = listed([story.tracked], one.department, speak)
    return {
        **row,
        "what": speak.rule(one.rule),
        "cited": speak.cited(one.rule),
        "remedy": speak.remedy(one.rule),
        "kind": speak.record_type(one.record_type) if one.record_type else "",
        "entry": speak.entry(one.catalog_code) if one.catalog_code else "",
        "entry_code": one.catalog_code,
        "field": speak.field(one.record_type, one.field) if one.field else "",
        "field_name": one.field,
        "expected": one.expected,
        "suggestion": speak.better(one.rule, one.suggestion),
        "submission": one.submission_id,
        "finding": one.finding_id,
        "place": f"{one.inbox_partition}/{one.inbox_offset}",
    }


def _step(one: Answer, speak: Speech) -> dict[str, str]:
    return {"status": one.status.value, "by": one.by, "at": instant(one.at), "reason": one.reason, "submission": one.submission_id}
