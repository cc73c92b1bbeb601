"""The pages for people: search, a business, the open datasets. No account, no script, Chinese and English."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from databus.errors import NotFound
from databus.gateway.lens import look_publicly
from databus.gateway.line import Line
from databus.gateway.subjects import find, public_profile
from databus.gateway.totals import Totals
from databus.gateway.values import Words
from databus.gateway.views import business, filter_fields, hit, table
from databus.gateway.walks import OWN, cursor_of, stretch, walk_of
from databus.web.etags import Fresh
from databus.web.languages import language_of
from databus.web.paging import words_of

RESULTS, ROWS = 20, 50
SHORTEST = 2

_DISPLAY: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "display.yaml").read_text("utf-8"))


def router(line: Line) -> APIRouter:
    """`/`, `/businesses/{code}`, `/datasets` and `/datasets/{dataset}`."""
    routes = APIRouter(include_in_schema=False)
    totals = Totals(line)

    def words(request: Request) -> Words:
        language = language_of(request)
        return Words(language, line.pages.texts[language], line.contract, _DISPLAY["open_from"])

    def page(request: Request, template: str, told: dict[str, Any], fresh: Fresh | None = None) -> Response:
        return line.pages.answer(request, template, {"as_of": line.day().isoformat(), **told}, headers=line.as_of(), fresh=fresh)

    @routes.get("/")
    async def search(request: Request) -> Response:
        caller, speak = await line.callers(request), words(request)
        q = words_of(request.query_params.get("q", ""), parameter="q")
        told: dict[str, Any] = {"q": q, "found": (), "more": "", "too_short": 0 < len(q) < SHORTEST, "counts": (), "datasets": ()}
        if not q:
            subjects, records = await totals.now(await look_publicly(line.planner))
            counts = ((speak("counts.subjects"), subjects), (speak("counts.records"), records))
            return page(request, "portal.html", {**told, "counts": counts, "datasets": listed(line, speak)})
        if len(q) >= SHORTEST:
            cursor = request.query_params.get("cursor")
            found, after = await find(line, q, limit=RESULTS, cursor=cursor)
            line.count("subjects", caller)
            more = "/?" + urlencode({"q": q, "cursor": after}) if after else ""
            told |= {"found": [hit(one) for one in found], "more": more}
        return page(request, "portal.html", told)

    @routes.get("/businesses/{code}")
    async def one_business(request: Request, code: str) -> Response:
        caller = await line.callers(request)
        lens, profile = await public_profile(line, code)
        line.count("subjects", caller)
        told = business(line, lens, profile, words(request))
        return page(request, "business.html", {**told, "json": f"/v1/subjects/{profile.subject.codes[0][1]}"})

    @routes.get("/datasets")
    async def all_datasets(request: Request) -> Response:
        return page(request, "datasets.html", {"datasets": listed(line, words(request))})

    @routes.get("/datasets/{dataset}")
    async def one_dataset(request: Request, dataset: str) -> Response:
        if dataset not in line.datasets:
            raise NotFound("There is no open dataset of this name.")
        caller, speak, chosen = await line.callers(request), words(request), line.datasets[dataset]
        walk = walk_of(request, chosen, line)
        found = await stretch(line, walk, limit=ROWS)
        line.count(dataset, caller)
        kept = [(name, value) for name, value in request.query_params.multi_items() if name not in OWN and value]
        onward = cursor_of(found, line)
        raw = line.contract.datasets[dataset]
        told = {
            "id": dataset,
            "title": speak.both(raw["names"]),
            "description": speak.both(raw["description"]),
            "licence": speak.both(raw["licence"]),
            "filters": filter_fields(line, chosen, dict(kept), speak),
            "csv": _address(f"/v1/datasets/{dataset}/exports/csv", [*kept, ("bom", "1")]),
            "json": _address(f"/v1/datasets/{dataset}/records", kept),
            "filtered": bool(kept),
            "paged": walk.after is not None,
            "first": _address(f"/datasets/{dataset}", kept),
            "next": _address(f"/datasets/{dataset}", [*kept, ("cursor", onward[0])]) if onward else "",
        }
        return page(request, "dataset.html", {**told, **table(line, chosen, found, speak)}, fresh=onward)

    @routes.get("/favicon.ico")
    async def mark() -> Response:
        return RedirectResponse("/static/mark.svg", status_code=308)

    return routes


def listed(line: Line, words: Words) -> list[dict[str, str]]:
    """The open datasets as cards."""
    raw = line.contract.datasets
    return [
        {"id": name, "title": words.both(raw[name]["names"]), "description": words.both(raw[name]["description"])} for name in line.datasets
    ]


def _address(path: str, parameters: list[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path
