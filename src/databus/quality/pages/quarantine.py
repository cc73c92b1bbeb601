"""`/desk/{department}/quarantine`: what the checks kept out, and of each as much as policy lets this reader see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from databus.access.logins import Visit
from databus.contract.catalogue import RecordType
from databus.errors import NotFound
from databus.model.disclosure import Caller, Disclosed
from databus.quality.findings import RULES
from databus.quality.originals import Originals, Sent
from databus.quality.pages.causes import listed
from databus.quality.pages.desk import Desk
from databus.quality.pages.office import PATH
from databus.quality.pages.speech import Speech, instant
from databus.store.refused import Place, Refused
from databus.web.cursors import scope, seal, unseal
from databus.web.headers import request_id

KEPT, ROWS = timedelta(days=30), 50
"""How long quarantine keeps an original, and rows of a page."""


class Page(Protocol):
    """`store.refused.page` over a pool."""

    async def __call__(
        self, department: str, *, since: int, rules: Collection[str], after: Place | None, limit: int
    ) -> tuple[Refused, ...]: ...


See = Callable[[Caller, str, Sent, str], Awaitable[Disclosed]]
"""What policy lets a caller see of a department's original, under a request; recorded before it returns."""


@dataclass(frozen=True)
class Browsing:
    """What the browser asks."""

    page: Page
    originals: Originals
    see: See


def router(desk: Desk, browsing: Browsing) -> APIRouter:
    """The list, and one of it."""
    routes = APIRouter(include_in_schema=False)
    office = desk.office
    rules = [row.code for row in office.contract.codes.rows(RULES) if row.more["level"] == "submission"]

    async def refused(request: Request, visit: Visit) -> Response:
        department, speak = office.department(request, visit), office.speech(request)
        bound, cursor = scope("quarantine", department, visit.caller.name), request.query_params.get("cursor", "")
        told = unseal(cursor, key=desk.key, scope=bound) if cursor else None
        since = int((desk.clock() - KEPT).timestamp() * 1000)
        after = (told["at"], told["id"]) if told else None
        found = await browsing.page(department, since=since, rules=rules, after=after, limit=ROWS + 1)
        more = ""
        if len(found) > ROWS:
            last = found[ROWS - 1]
            onward = seal({"at": last.written_at, "id": last.event_id}, key=desk.key, scope=bound)
            more = f"{request.url.path}?{urlencode({'cursor': onward})}"
        return office.answer(
            request, visit, "quarantine.html", {"rows": [_row(one, department, speak) for one in found[:ROWS]], "more": more}
        )

    async def one(request: Request, visit: Visit) -> Response:
        department, speak = office.department(request, visit), office.speech(request)
        story = await desk.story(department, str(request.path_params["finding_id"]))
        if story is None:
            raise NotFound("The department has no finding of this id.")
        finding = story.tracked.finding
        sent = await browsing.originals.one(department, finding)
        seen = await browsing.see(visit.caller, department, sent, request_id(request)) if sent is not None else None
        told = {
            "findings": listed((story.tracked, *story.beside), department, speak),
            "kind": speak.record_type(finding.record_type) if finding.record_type else "",
            "submission": finding.submission_id,
            "place": f"in.{department}/{finding.inbox_partition}/{finding.inbox_offset}",
            "cells": _cells(seen, speak.contract.types[sent.record_type], speak) if seen is not None and sent is not None else (),
            "reasons": [speak.contract.codes.label("reason_code", code, speak.language) for code in seen.reasons] if seen else (),
            "visible": seen is not None and bool(seen.fields),
            "gone": sent is None,
            "home": f"{PATH}/{department}/quarantine",
            "mend": f"{PATH}/{department}/findings/{finding.finding_id}",
        }
        return office.answer(request, visit, "original.html", told)

    routes.add_api_route(f"{PATH}/{{department}}/quarantine", office.view(refused))
    routes.add_api_route(f"{PATH}/{{department}}/quarantine/{{finding_id}}", office.view(one))
    return routes


def _row(one: Refused, department: str, speak: Speech) -> dict[str, Any]:
    return {
        "link": f"{PATH}/{department}/quarantine/{one.finding_id}",
        "at": instant(one.written_at),
        "row": one.row or "",
        "kind": speak.record_type(one.record_type) if one.record_type else "",
        "rules": [(rule, speak.rule(rule)) for rule in one.rules],
        "verdict": "R" if "R" in one.verdicts else "H",
        "open": one.open,
        "submission": one.submission_id,
    }


def _cells(seen: Disclosed, record_type: RecordType, speak: Speech) -> list[dict[str, str]]:
    """The fields that may be seen and have a value, then those that are withheld, with the reason."""
    shown = [
        {"label": speak.of(record_type.fields[name]), "text": speak.value(record_type.fields[name], value), "why": ""}
        for name, value in seen.fields.items()
        if name in record_type.fields and value not in (None, "", []) and not record_type.fields[name].parts
    ]
    withheld = [
        {"label": speak.of(record_type.fields[name]), "text": "", "why": speak.contract.codes.label("reason_code", why, speak.language)}
        for name, why in seen.withheld.items()
        if name in record_type.fields
    ]
    return [*shown, *withheld]
