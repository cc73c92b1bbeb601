"""The quality desk as one router, from its ports."""

from __future__ import annotations

from fastapi import APIRouter

from databus.quality.pages import bulk, causes, finding, login, mending, quarantine, scores, stopping
from databus.quality.pages.desk import Desk
from databus.quality.pages.mending import Mending
from databus.quality.pages.quarantine import Browsing
from databus.quality.pages.stopping import Retract


def router(desk: Desk, mends: Mending, browsing: Browsing, retract: Retract) -> APIRouter:
    """Every page of the desk."""
    routes = APIRouter()
    # The login stands before the departments: the first route that fits answers.
    for part in (
        login.router(desk.office),
        scores.router(desk.office, desk.scores),
        stopping.router(desk.office, retract),
        causes.router(desk),
        quarantine.router(desk, browsing),
        bulk.router(desk, mends),
        mending.router(desk, mends),
        finding.router(desk),
    ):
        routes.include_router(part)
    return routes
