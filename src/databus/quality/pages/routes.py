"""The quality desk as one router, from its ports."""

from __future__ import annotations

from fastapi import APIRouter

from databus.quality.pages import causes, door, one, scores
from databus.quality.pages.desk import Desk


def router(desk: Desk) -> APIRouter:
    """Every page of the desk."""
    routes = APIRouter()
    # The door stands before the departments: the first route that fits answers.
    for part in (door.router(desk.office), scores.router(desk.office, desk.scores), causes.router(desk), one.router(desk)):
        routes.include_router(part)
    return routes
