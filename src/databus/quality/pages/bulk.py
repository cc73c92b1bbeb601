"""`…/findings/mend`: one cause mended in many rows at once, after a look at what would become of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from databus.access.logins import Visit
from databus.access.secrets import fresh
from databus.contract.catalogue import Contract, RecordType
from databus.errors import Malformed
from databus.model.finding import OPEN, Tracked
from databus.quality.content import ENVELOPE
from databus.quality.masking import is_personal_field
from databus.quality.originals import Sent
from databus.quality.pages.desk import Desk, in_order
from databus.quality.pages.mending import LONGEST, Mend, Mending, choices, mend_of, person, seen_of
from databus.quality.pages.office import PATH, Form
from databus.quality.pages.speech import Speech, written
from databus.store.findings import Filter

MOST = 100
"""Rows of one go."""
SUGGESTED, SET, REPLACE = "suggested", "set", "replace"
WAYS = (SUGGESTED, SET, REPLACE)
_CAUSE = ("rule", "type", "field")
_SUBJECT = f"{ENVELOPE}subject."
ROW = "row."


def router(desk: Desk, mending: Mending) -> APIRouter:
    """The form, its preview and its publishing. It stands before the pages of single findings."""
    routes = APIRouter(include_in_schema=False)
    office = desk.office
    path = f"{PATH}/{{department}}/findings/mend"

    async def form(request: Request, visit: Visit) -> Response:
        department, speak = office.department(request, visit, own=True), office.speech(request)
        cause, record_type = _cause(request.query_params, speak)
        found = await _waiting(desk, department, cause)
        way = SUGGESTED if any(map(_suggested, found)) else SET
        told = {"rows": [_plain(one, speak) for one in found], "way": way, "once": fresh(), "value": "", "old": "", "seen": False}
        return office.answer(request, visit, "bulk.html", {**_frame(department, cause, record_type, speak), **told})

    async def mend(request: Request, visit: Visit, told: Form) -> Response:
        department, speak = office.department(request, visit, own=True), office.speech(request)
        cause, record_type = _cause(told, speak)
        field = _field(cause["field"])
        publish = told.get("step") == "publish"
        found = await _waiting(desk, department, cause)
        chosen = [one for one in found if not publish or told.get(ROW + one.finding.finding_id)]
        sent = await mending.originals.of(department, [one.finding for one in chosen])
        all_of_them = await desk.of_events(department, [*sent])
        rows = [_row(one, sent.get(one.finding.event_id), all_of_them, field, told, speak) for one in chosen]
        mends = [row["mend"] for row in rows if row["mend"] is not None]
        answer = await mending.again(department, mends, not publish) if mends else {"results": []}
        for row, result in zip((row for row in rows if row["mend"] is not None), answer["results"], strict=True):
            row["seen"] = seen_of(result, record_type.name, speak)
        frame = _frame(department, cause, record_type, speak)
        if publish and answer.get("accepted"):
            receipt = {name: answer[name] for name in ("receipt", "submissions") if name in answer}
            page = {**frame, "message": frame["title"], "count": answer["accepted"], "submission": "", "receipt": receipt}
            return office.answer(request, visit, "published.html", page)
        page = {"rows": rows, "way": told.get("way", ""), "once": told.get("once", "")[:64], "seen": True}
        texts = {name: told.get(name, "")[:LONGEST] for name in ("value", "old")}
        return office.answer(request, visit, "bulk.html", {**frame, **page, **texts})

    routes.add_api_route(path, office.view(form))
    routes.add_api_route(path, office.act(mend), methods=["POST"])
    return routes


def together(cause: Mapping[str, str], contract: Contract) -> RecordType | None:
    """The record type whose rows are mended together for a cause (rule, type, field); None where it is not one check of one field of
    the payload, or of the subject as the payload tells it."""
    record_type = contract.types.get(cause["type"])
    field = record_type.fields.get(_field(cause["field"])) if record_type is not None else None
    return record_type if field is not None and not field.parts and cause["rule"] else None


def _cause(told: Mapping[str, str], speak: Speech) -> tuple[dict[str, str], RecordType]:
    cause = {name: told.get(name, "")[:64] for name in _CAUSE}
    record_type = together(cause, speak.contract)
    if record_type is None:
        raise Malformed("Many rows are mended together where one check of one field of a record type fails in all of them.")
    return cause, record_type


def _field(name: str) -> str:
    return name.removeprefix(_SUBJECT)


async def _waiting(desk: Desk, department: str, cause: Mapping[str, str]) -> list[Tracked]:
    """The latest findings of the cause that wait, one per submission, in the order of their rows."""
    asked = Filter(states=[state.value for state in OPEN], rule=cause["rule"], record_type=cause["type"], field=cause["field"])
    found = await desk.page(department, asked, after=None, limit=MOST)
    return in_order({one.finding.event_id: one for one in found}.values())


def _row(one: Tracked, sent: Sent | None, found: Iterable[Tracked], field: str, told: Form, speak: Speech) -> dict[str, Any]:
    """A row before and after; `found` are all findings of the rows. Without a `mend` where it cannot be read any more, or nothing of
    it would be otherwise."""
    row = _plain(one, speak)
    if sent is None or sent.record_type != one.finding.record_type:
        return {**row, "why": "gone"}
    now = written(sent.payload.get(field))
    new = _new(one, now, told)
    if new == now or not new:
        return {**row, "why": "same"}
    covered = is_personal_field(speak.contract.types[sent.record_type].fields[field], person=person(sent))
    beside = [
        other for other in found if other.finding.event_id == one.finding.event_id and other.finding.finding_id != one.finding.finding_id
    ]
    mend: Mend = mend_of(one, sent, {field: new}, beside=beside, once=told.get("once", "")[:64])
    return {**row, "becomes": "***" if covered else new, "mend": mend}


def _new(one: Tracked, now: str, told: Form) -> str:
    match told.get("way"):
        case "suggested":
            return _suggested(one)
        case "set":
            return told.get("value", "").strip()[:LONGEST]
        case "replace":
            old = told.get("old", "")
            return now.replace(old, told.get("value", ""))[:LONGEST] if old else ""
        case _:
            raise Malformed(f"way is one of {', '.join(WAYS)}.", parameter="way")


def _suggested(one: Tracked) -> str:
    """The value that would pass; empty where the suggestion is the general remedy, which is a sentence."""
    return one.finding.suggestion if " · " not in one.finding.suggestion else ""


def _plain(one: Tracked, speak: Speech) -> dict[str, Any]:
    finding = one.finding
    return {
        "id": finding.finding_id,
        "link": f"{PATH}/{finding.department}/findings/{finding.finding_id}",
        "row": finding.row or "",
        "observed": finding.observed,
        "better": speak.better(finding.rule, finding.suggestion),
        "becomes": "",
        "why": "",
        "seen": None,
        "mend": None,
    }


def _frame(department: str, cause: Mapping[str, str], record_type: RecordType, speak: Speech) -> dict[str, Any]:
    field = record_type.fields[_field(cause["field"])]
    return {
        "cause": dict(cause),
        "title": f"{speak.of(field)}{speak('desk.colon')}{speak.rule(cause['rule'])}",
        "kind": speak.of(record_type),
        "field": speak.of(field),
        "choices": choices(field, speak),
        "ways": WAYS,
        "most": MOST,
        "link": f"{PATH}/{department}/findings?{urlencode(cause)}",
        "action": f"{PATH}/{department}/findings/mend",
    }
