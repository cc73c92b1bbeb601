"""The quality desk as one router, from its ports."""

from __future__ import annotations

from fastapi import APIRouter

from databus.quality.pages import bulk, causes, door, mending, one, scores, sealed, stopping
from databus.quality.pages.desk import Desk
from databus.quality.pages.mending import Mending
from databus.quality.pages.sealed import Browsing
from databus.quality.pages.stopping import Retract


def router(desk: Desk, mends: Mending, browsing: Browsing, retract: Retract) -> APIRouter:
    """Every page of the desk."""
    routes = APIRouter()
    # The door stands before the departments: the first route that fits answers.
    parts = [door.router(desk.office), scores.router(desk.office, desk.scores), stopping.router(desk.office, retract), causes.router(desk)]
    parts.append(sealed.router(desk, browsing))
    for part in (*parts, bulk.router(desk, mends), mending.router(desk, mends), one.router(desk)):
        routes.include_router(part)
    return routes
