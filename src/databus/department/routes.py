"""The intake as one router: everything a department may reach by HTTP, from its ports."""

from __future__ import annotations

from fastapi import APIRouter

from databus.department.http import events, receipts, retractions
from databus.department.http.intake import Intake
from databus.department.http.receipts import Reader
from databus.department.http.retractions import Retracting


def router(intake: Intake, *, reader: Reader, retracting: Retracting) -> APIRouter:
    """Publishing, receipts, and taking back; `reader` reads records of an inbox by their places."""
    routes = APIRouter()
    for part in (events.router(intake), receipts.router(intake, reader), retractions.router(retracting)):
        routes.include_router(part)
    return routes
