"""`/desk/{department}/retract`: the stop button, which takes a batch back by its receipt after a look at what that does."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from databus.access.logins import Visit
from databus.errors import Malformed, Rejected
from databus.quality.pages.office import PATH, Form, Office

FORM_BYTES = 8 * 1024 * 1024
"""A receipt of 10,000 submissions, as a form writes it."""

Retract = Callable[[str, Any, bool], Awaitable[Mapping[str, Any]]]
"""Takes back what a receipt lists, or only tells what that would do (the last argument)."""


def router(office: Office, retract: Retract) -> APIRouter:
    """The form, the look and the deed."""
    routes = APIRouter(include_in_schema=False)
    path = f"{PATH}/{{department}}/retract"

    async def form(request: Request, visit: Visit) -> Response:
        office.department(request, visit, answers=True)
        return office.answer(request, visit, "retract.html", {"document": "", "seen": None, "done": False, "problem": "", "receipt": None})

    async def act(request: Request, visit: Visit, told: Form) -> Response:
        department, speak = office.department(request, visit, answers=True), office.speech(request)
        text, dry_run = told.get("document", ""), told.get("step") != "retract"
        page: dict[str, Any] = {"document": text, "seen": None, "done": False, "problem": "", "receipt": None}
        try:
            answer = await retract(department, _document(text), dry_run)
        except Rejected as error:
            problem = {"problem": speak(f"problem.{error.code}.title"), "why": error.detail}
            return office.answer(request, visit, "retract.html", {**page, **problem}, status=error.status)
        left = [{**one, "message": one["message"][speak.language], "kind": speak.record_type(one["record_type"])} for one in answer["left"]]
        counts = {op: count for op, count in answer["counts"].items() if count}
        receipt = {name: answer[name] for name in ("receipt", "submissions") if name in answer}
        done = {"seen": {"counts": counts, "left": left, "retracted": answer["retracted"]}, "done": not dry_run, "receipt": receipt or None}
        return office.answer(request, visit, "retract.html", {**page, **done})

    routes.add_api_route(path, office.view(form))
    routes.add_api_route(path, office.act(act, limit=FORM_BYTES), methods=["POST"])
    return routes


def _document(text: str) -> Any:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Malformed("Paste one receipt as it was given: it begins with { and has the members receipt and submissions.")
    return document
