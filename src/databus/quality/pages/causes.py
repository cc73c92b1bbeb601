"""`/desk/{department}`: what is wrong, by its cause; `…/findings`: the findings of one cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from databus.access.logins import Visit
from databus.model.finding import OPEN, FindingStatus, Tracked, Verdict
from databus.quality.pages import charts
from databus.quality.pages.bulk import together
from databus.quality.pages.desk import Desk, in_order
from databus.quality.pages.office import PATH
from databus.quality.pages.speech import Speech, day, instant
from databus.store.causes import Cause
from databus.store.findings import Filter, place
from databus.web.cursors import scope, seal, unseal

PERIODS = ("30", "90", "400")
"""Days a reader may look back; findings are kept for 400."""
SLOTS, ROWS = 12, 50
_DAY_MS = 86_400_000
_KNOWN = ("type", "verdict", "rule", "field", "state", "days")


def router(desk: Desk) -> APIRouter:
    """Both pages."""
    routes = APIRouter(include_in_schema=False)
    office = desk.office

    async def causes(request: Request, visit: Visit) -> Response:
        department, speak = office.department(request, visit), office.speech(request)
        chosen = _chosen(request)
        since, until = _span(desk, chosen["days"])
        every = await desk.by_cause(department, since=since, until=until, slots=SLOTS)
        found = [one for one in every if chosen["type"] in ("", one.record_type) and chosen["verdict"] in ("", one.verdict)]
        spans = [f"{day(begin)} – {day(end - 1)}" for begin, end in charts.slots(since, until, SLOTS)]
        total = [sum(counts) for counts in zip(*(one.slots for one in found), strict=True)] or [0] * SLOTS
        told = {
            "causes": [_row(one, department, chosen["days"], spans, speak) for one in found if one.waiting or chosen["state"] == "all"],
            "numbers": {name: sum(getattr(one, name) for one in found) for name in ("waiting", "overdue", "found")},
            "overall": charts.columns(total, spans, height=56),
            "chosen": chosen,
            "periods": PERIODS,
            "types": sorted({(one.record_type, speak.record_type(one.record_type)) for one in every if one.record_type}),
            "verdicts": [verdict.value for verdict in Verdict],
            "home": f"{PATH}/{department}",
        }
        return office.answer(request, visit, "causes.html", told)

    async def findings(request: Request, visit: Visit) -> Response:
        department, speak = office.department(request, visit), office.speech(request)
        chosen = {name: request.query_params.get(name, "") for name in _KNOWN}
        asked = Filter(
            states=[state.value for state in (FindingStatus if chosen["state"] == "all" else OPEN)],
            verdicts=[chosen["verdict"]] if chosen["verdict"] else None,
            rule=chosen["rule"],
            record_type=chosen["type"],
            field=chosen["field"] if "field" in request.query_params else None,
            since=_begin(desk, chosen["days"]),
        )
        bound = scope("desk", department, asked, visit.caller.name)
        cursor = request.query_params.get("cursor", "")
        told = unseal(cursor, key=desk.key, scope=bound) if cursor else None
        found = await desk.page(department, asked, after=(told["at"], told["id"]) if told else None, limit=ROWS + 1)
        more = ""
        if len(found) > ROWS:
            at, identity = place(found[ROWS - 1])
            kept = {**dict(request.query_params), "cursor": seal({"at": at, "id": identity}, key=desk.key, scope=bound)}
            more = f"{request.url.path}?{urlencode(kept)}"
        page = {"rows": listed(found[:ROWS], department, speak), "more": more, "paged": bool(cursor), **_cause(chosen, speak)}
        switch = {**chosen, "state": "" if chosen["state"] == "all" else "all"}
        cause = {name: chosen[name] for name in ("rule", "type", "field")}
        bulk = f"{request.url.path}/mend?{urlencode(cause)}" if found and together(cause, speak.contract) else ""
        other = f"{request.url.path}?{urlencode({name: value for name, value in switch.items() if value or name == 'field'})}"
        links = {"home": f"{PATH}/{department}", "other": other, "bulk": bulk}
        return office.answer(request, visit, "findings.html", {**page, **links, "chosen": chosen})

    routes.add_api_route(f"{PATH}/{{department}}", office.view(causes))
    routes.add_api_route(f"{PATH}/{{department}}/findings", office.view(findings))
    return routes


def _chosen(request: Request) -> dict[str, str]:
    told = request.query_params
    days, verdict = told.get("days", ""), told.get("verdict", "")
    return {
        "days": days if days in PERIODS else PERIODS[1],
        "state": "all" if told.get("state") == "all" else "",
        "type": told.get("type", "")[:64],
        "verdict": verdict if verdict in {one.value for one in Verdict} else "",
    }


def _span(desk: Desk, days: str) -> tuple[int, int]:
    """From so many days ago until now, in milliseconds."""
    until = int(desk.clock().timestamp() * 1000) + 1
    return until - int(timedelta(days=int(days)).total_seconds() * 1000), until


def _begin(desk: Desk, days: str) -> int:
    """The day so many days ago as an instant, the same all day long, since cursors hold it; 0 where none is asked."""
    return _span(desk, days)[0] // _DAY_MS * _DAY_MS if days in PERIODS else 0


def _cause(chosen: Mapping[str, str], speak: Speech) -> dict[str, str]:
    rule, kind = chosen["rule"], chosen["type"]
    return {
        "rule": rule,
        "what": speak.rule(rule) if rule else "",
        "cited": speak.cited(rule),
        "remedy": speak.remedy(rule),
        "field": speak.field(kind, chosen["field"]) if chosen["field"] else "",
        "kind": speak.record_type(kind) if kind else "",
    }


def _row(one: Cause, department: str, days: str, spans: list[str], speak: Speech) -> dict[str, Any]:
    asked = {"rule": one.rule, "verdict": one.verdict.value, "type": one.record_type, "field": one.field, "days": days}
    return {
        "link": f"{PATH}/{department}/findings?{urlencode({**asked, **({} if one.waiting else {'state': 'all'})})}",
        "verdict": one.verdict.value,
        "rule": one.rule,
        "what": speak.rule(one.rule),
        "field": speak.field(one.record_type, one.field) if one.field else "",
        "kind": speak.record_type(one.record_type) if one.record_type else "",
        "waiting": one.waiting,
        "overdue": one.overdue,
        "found": one.found,
        "due": one.due.isoformat() if one.due else "",
        "latest": instant(one.latest),
        "chart": charts.columns(one.slots, spans),
    }


def listed(found: Iterable[Tracked], department: str, speak: Speech) -> list[dict[str, Any]]:
    """Findings as the rows of a table."""
    return [
        {
            "link": f"{PATH}/{department}/findings/{one.finding.finding_id}",
            "rule": one.finding.rule,
            "verdict": one.finding.verdict.value,
            "message": speak.message(one.finding.message_zh, one.finding.message_en),
            "row": one.finding.row or "",
            "observed": one.finding.observed,
            "better": speak.better(one.finding.rule, one.finding.suggestion) or one.finding.expected,
            "status": one.status.value,
            "due": one.due.isoformat() if one.due else "",
            "issued": instant(one.finding.issued_at),
        }
        for one in in_order(found)
    ]
