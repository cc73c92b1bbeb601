"""`/desk/{department}/scorecards`: a month's shares with what they are made of; `/desk/league`: how departments rank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from databus.access.logins import Visit
from databus.errors import NotAllowed
from databus.model.disclosure import Role
from databus.quality.pages import charts
from databus.quality.pages.office import PATH, Office
from databus.quality.pages.speech import Speech
from databus.quality.scorecards import RANKED, Metric, league, metrics
from databus.store.scorecards import Score

LATEST = 12
"""Months a chart shows."""


class ByEntry(Protocol):
    """`store.scorecards.by_entry` over a pool."""

    async def __call__(self, department: str, *, first: date, last: date) -> tuple[Score, ...]: ...


class ByDepartment(Protocol):
    """`store.scorecards.by_department` over a pool."""

    async def __call__(self, department: str, *, first: date, last: date, medians: Collection[str]) -> tuple[Score, ...]: ...


@dataclass(frozen=True)
class Scores:
    """Scorecards as they are kept."""

    by_entry: ByEntry
    by_department: ByDepartment
    months: Callable[[str], Awaitable[tuple[date, ...]]]


def router(office: Office, scores: Scores) -> APIRouter:
    """Both pages."""
    routes = APIRouter(include_in_schema=False)
    known = metrics(office.contract)
    medians = [metric.code for metric in known if metric.days]

    async def card(request: Request, visit: Visit) -> Response:
        department, speak = office.department(request, visit), office.speech(request)
        months = await scores.months(department)
        month = _month(request, months)
        told: dict[str, Any] = {"months": _named(months), "month": month.strftime("%Y-%m") if month else "", "cards": (), "lines": ()}
        if month is not None:
            shown = sorted(one for one in months if one <= month)[-LATEST:]
            whole = await scores.by_department(department, first=shown[0], last=month, medians=medians)
            every = await scores.by_department("", first=month, last=month, medians=medians)
            told |= {
                "cards": [_card(metric, whole, shown, speak) for metric in known if not metric.days],
                "heads": [{"name": speak.of(metric), "what": speak.message(metric.zh_of, metric.en_of)} for metric in known],
                "lines": _lines(await scores.by_entry(department, first=month, last=month), known, speak),
                "place": _place(every, department, office),
            }
        return office.answer(request, visit, "scorecards.html", {"least": _least(office), "path_of": request.url.path, **told})

    async def table(request: Request, visit: Visit) -> Response:
        if visit.caller.role not in (Role.STEWARD, Role.OFFICER):
            raise NotAllowed("The league table is for the stewards; your own place is on your scorecard.")
        speak, months = office.speech(request), await scores.months("")
        month = _month(request, months)
        found = await scores.by_department("", first=month, last=month, medians=medians) if month else ()
        ranked = [metric for metric in known if not metric.days]
        told = {
            "months": _named(months),
            "month": month.strftime("%Y-%m") if month else "",
            "heads": [{"name": speak.of(metric), "what": speak.message(metric.zh_of, metric.en_of)} for metric in ranked],
            "lines": [
                {
                    "rank": one.rank or "–",
                    "name": speak.department(one.department),
                    "link": f"{PATH}/{one.department}/scorecards",
                    "bar": _bar(one.scores.get(RANKED), _least(office)),
                    "cells": [_cell(one.scores.get(metric.code), metric, _least(office)) for metric in ranked],
                }
                for one in league(found, office.contract)
            ],
            "least": _least(office),
            "path_of": request.url.path,
        }
        return office.answer(request, visit, "league.html", told)

    routes.add_api_route(f"{PATH}/league", office.view(table))
    routes.add_api_route(f"{PATH}/{{department}}/scorecards", office.view(card))
    return routes


def _least(office: Office) -> int:
    return office.contract.feedback.suppress_below


def _month(request: Request, months: Sequence[date]) -> date | None:
    told = request.query_params.get("month", "")
    return next((one for one in months if one.strftime("%Y-%m") == told), months[0] if months else None)


def _named(months: Iterable[date]) -> list[str]:
    return [one.strftime("%Y-%m") for one in months]


def _card(metric: Metric, scores: Iterable[Score], months: Sequence[date], speak: Speech) -> dict[str, Any]:
    """One share over the months: the last one in figures, all of them as columns."""
    own = {one.month: one for one in scores if one.metric == metric.code}
    least = speak.contract.feedback.suppress_below
    shares = [one.share(least) if (one := own.get(month)) is not None else None for month in months]
    told = [f"{month:%Y-%m}" for month in months]
    return {
        "name": speak.of(metric),
        "what": speak.message(metric.zh_of, metric.en_of),
        "high": metric.high,
        "chart": charts.shares(shares, told),
        "since": told[0],
        **_cell(own.get(months[-1]), metric, least),
    }


def _lines(scores: Iterable[Score], known: Sequence[Metric], speak: Speech) -> list[dict[str, Any]]:
    by_entry: dict[str, dict[str, Score]] = defaultdict(dict)
    for one in scores:
        by_entry[one.catalog_code][one.metric] = one
    least = speak.contract.feedback.suppress_below
    return [
        {"code": code, "name": speak.entry(code) if code else "", "cells": [_cell(own.get(metric.code), metric, least) for metric in known]}
        for code, own in sorted(by_entry.items())
    ]


def _cell(score: Score | None, metric: Metric, least: int) -> dict[str, Any]:
    """A share in figures, with its counts; without it where too few are counted."""
    if score is None:
        return {"share": "", "counts": "", "days": False}
    if metric.days:
        return {"share": str(score.numerator), "counts": f"({score.denominator})", "days": True}
    share = score.share(least)
    return {"share": f"{share:.1%}" if share is not None else "", "counts": f"{score.numerator:,} / {score.denominator:,}", "days": False}


def _bar(score: Score | None, least: int) -> charts.Chart:
    share = score.share(least) if score is not None else None
    return charts.bar(share)


def _place(every: Iterable[Score], department: str, office: Office) -> Mapping[str, int] | None:
    places = league(every, office.contract)
    ranked = [one for one in places if one.rank is not None]
    own = next((one for one in ranked if one.department == department), None)
    return None if own is None or own.rank is None else {"rank": own.rank, "of": len(ranked)}
