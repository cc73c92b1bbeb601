"""`…/findings/{finding_id}/mend`: the row as it was sent, corrected in place, looked at first, published again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from databus.access.logins import Visit
from databus.access.secrets import fresh
from databus.contract.catalogue import RecordType
from databus.contract.fields import Field
from databus.errors import NotFound
from databus.model.finding import OPEN, Tracked, Verdict
from databus.model.keys import derived_id
from databus.model.labels import SubjectKind
from databus.quality.masking import is_personal_field, shown_value
from databus.quality.originals import Originals, Sent
from databus.quality.pages.desk import Desk
from databus.quality.pages.office import PATH, Form, Office
from databus.quality.pages.speech import Speech, written
from databus.store.findings import Story

CELL = "cell."
"""How the form calls the cells of the row."""
LONGEST = 5_000
_LONG_TEXT = 80


@dataclass(frozen=True, slots=True)
class Mend:
    """A submission to be published again with these cells otherwise (empty: left out), for findings it mends."""

    sent: Sent
    cells: Mapping[str, str]
    findings: tuple[str, ...]
    accepted: bool
    submission_id: str


Again = Callable[[str, Sequence[Mend], bool], Awaitable[Mapping[str, Any]]]
"""Publishes mended submissions of a department, or only tells what would become of them (the last argument)."""


@dataclass(frozen=True)
class Mending:
    """What mending needs: the originals, and the way out."""

    originals: Originals
    again: Again


def router(desk: Desk, mending: Mending) -> APIRouter:
    """The form, its preview and its publishing."""
    routes = APIRouter(include_in_schema=False)
    office = desk.office
    path = f"{PATH}/{{department}}/findings/{{finding_id}}/mend"

    async def form(request: Request, visit: Visit) -> Response:
        story, sent = await _original(desk, mending, request, office.department(request, visit, own=True))
        if sent is None:
            return _gone(office, request, visit, story)
        told = {"cells": cells_of(sent, story, office.speech(request), {}), "seen": None, "once": fresh()}
        return office.answer(request, visit, "mend.html", {**_frame(story, office.speech(request)), **told})

    async def mend(request: Request, visit: Visit, told: Form) -> Response:
        department, speak = office.department(request, visit, own=True), office.speech(request)
        story, sent = await _original(desk, mending, request, department)
        if sent is None:
            return _gone(office, request, visit, story)
        typed = {name.removeprefix(CELL): value.strip()[:LONGEST] for name, value in told.items() if name.startswith(CELL)}
        one = mend_of(story.tracked, sent, changes(sent, typed, speak), beside=story.beside, once=told.get("once", "")[:64])
        publish = told.get("step") == "publish"
        answer = await mending.again(department, [one], not publish)
        (result,) = answer["results"]
        seen = seen_of(result, sent.record_type, speak)
        page = {**_frame(story, speak), "cells": cells_of(sent, story, speak, typed), "seen": seen, "once": told.get("once", "")[:64]}
        if publish and result["outcome"] == "ACCEPTED":
            receipt = {name: answer[name] for name in ("receipt", "submissions") if name in answer}
            done = {"count": 1, "submission": result["submission_id"], "receipt": receipt}
            return office.answer(request, visit, "published.html", {**page, **done})
        return office.answer(request, visit, "mend.html", page)

    routes.add_api_route(path, office.view(form))
    routes.add_api_route(path, office.act(mend), methods=["POST"])
    return routes


def mend_of(tracked: Tracked, sent: Sent, cells: Mapping[str, str], *, beside: Iterable[Tracked], once: str) -> Mend:
    """What is published again, naming every open finding of the submission: whatever it does not mend comes back anew."""
    finding, found = tracked.finding, (tracked, *beside)
    names = tuple(one.finding.finding_id for one in found if one.status in OPEN)
    stopped = any(one.finding.verdict is not Verdict.WARN for one in found)
    return Mend(sent, cells, names, not stopped, derived_id("mended", finding.event_id, once))


def changes(sent: Sent, typed: Mapping[str, str], speak: Speech) -> dict[str, str]:
    """The cells of the form that say something else than was sent. A personal one left empty stays as it was."""
    record_type = speak.contract.types[sent.record_type]
    of_person = person(sent)
    found: dict[str, str] = {}
    for name, text in typed.items():
        field = record_type.fields.get(name)
        if field is None or field.parts or (not text and is_personal_field(field, person=of_person)):
            continue
        if text != written(sent.payload.get(name)):
            found[name] = text
    return found


def cells_of(sent: Sent, story: Story, speak: Speech, typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """The row as a form: a cell per field that holds one value, those with a finding first."""
    record_type: RecordType = speak.contract.types[sent.record_type]
    found = [one for one in (story.tracked, *story.beside) if one.status in OPEN]
    of_person = person(sent)
    cells = []
    for name, field in record_type.fields.items():
        if field.parts:
            continue
        was = sent.payload.get(name)
        personal = is_personal_field(field, person=of_person)
        wrong = [one.finding for one in found if one.finding.field.removeprefix("envelope.subject.") == name]
        text = typed.get(name, "" if personal else written(was))
        cells.append(
            {
                "name": name,
                "label": speak.of(field),
                "text": text,
                "covered": shown_value(written(was), field, person=of_person) if personal and was is not None else "",
                "long": len(text) > _LONG_TEXT or (field.kind == "string" and (field.max_length or 0) > 500),
                "most": min(field.max_length or LONGEST, LONGEST),
                "choices": choices(field, speak),
                "wrong": [speak.message(one.message_zh, one.message_en) for one in wrong],
                "hint": next((hint for one in wrong if (hint := speak.better(one.rule, one.suggestion))), ""),
            }
        )
    return sorted(cells, key=lambda cell: not cell["wrong"])


def seen_of(result: Mapping[str, Any], record_type: str, speak: Speech) -> dict[str, Any]:
    """What a preview or a refusal says of one submission, in the reader's words."""
    findings = [*result.get("findings", ()), *result.get("problems", ())]
    effect = {"kind": "", "fields": (), **(result.get("effect") or {})}
    return {
        "outcome": result["outcome"],
        "passes": result["outcome"] == "ACCEPTED",
        "findings": [
            {
                "rule": one["rule"],
                "verdict": one.get("verdict", "R"),
                "message": one["message"][speak.language],
                "better": speak.better(one["rule"], one.get("suggestion", "")) or one.get("expected", ""),
            }
            for one in findings
        ],
        "effect": {**effect, "fields": [speak.field(record_type, name) for name in effect["fields"]]},
        "readers": {name: bool(told["visible"]) for name, told in (result.get("readers") or {}).items()},
    }


def choices(field: Field, speak: Speech) -> tuple[tuple[str, str], ...]:
    """What a field may hold, each code with its name; empty where that is no list, too long a one, or where several may be held."""
    if field.kind == "boolean":
        return tuple((written(value), speak(f"value.{'yes' if value else 'no'}")) for value in (True, False))
    if field.code is None or field.kind == "strings":
        return ()
    rows = speak.contract.codes.rows(field.code)
    return tuple((row.code, speak.of(row)) for row in rows) if len(rows) <= 40 else ()


def person(sent: Sent) -> bool:
    """True if it is about a natural person."""
    return bool(sent.envelope["subject"].get("kind") == SubjectKind.PERSON)


def _frame(story: Story, speak: Speech) -> dict[str, Any]:
    finding = story.tracked.finding
    return {
        "link": f"{PATH}/{finding.department}/findings/{finding.finding_id}",
        "message": speak.message(finding.message_zh, finding.message_en),
        "kind": speak.record_type(finding.record_type),
        "row": finding.row,
    }


def _gone(office: Office, request: Request, visit: Visit, story: Story) -> Response:
    """Nothing to correct here: who must do it, and where."""
    page = {**_frame(story, office.speech(request)), "cells": (), "seen": None, "finding": story.tracked.finding.finding_id}
    return office.answer(request, visit, "mend.html", page, status=404)


async def _original(desk: Desk, mending: Mending, request: Request, department: str) -> tuple[Story, Sent | None]:
    story = await desk.story(department, str(request.path_params["finding_id"]))
    if story is None:
        raise NotFound("The department has no finding of this id.")
    return story, await mending.originals.one(department, story.tracked.finding)
