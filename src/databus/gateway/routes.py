"""The gateway as one router: everything the world may reach, from its ports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from fastapi import APIRouter

from databus.contract.catalogue import Contract
from databus.gateway import datasets, feeds, portal, profiles, subjects
from databus.gateway.line import Callers, Count, Line
from databus.gateway.records import Records, open_datasets
from databus.ports import Clock, Planner, Trail
from databus.web.pages import Pages


def router(
    *,
    planner: Planner,
    trail: Trail,
    records: Records,
    contract: Contract,
    callers: Callers,
    clock: Clock,
    count: Count,
    key: bytes,
    platform_key: bytes,
    pages: Pages,
    applied: Callable[[], date | None] = lambda: None,
) -> APIRouter:
    """Portal, search, profiles, datasets and feeds.

    `callers` tells who asks (ANONYMOUS without credentials), `count` counts one read of public data, `key` (32 bytes)
    seals cursors, `platform_key` makes the keys of natural persons, `applied` is the
    lowest day whose tick the store has applied.
    """
    line = Line(planner, trail, records, contract, callers, clock, count, key, platform_key, pages, open_datasets(contract), applied)
    routes = APIRouter()
    # `resolve` stands before the codes: the first route that fits answers.
    for part in (portal.router(line), profiles.router(line), subjects.router(line), datasets.router(line), feeds.router(line)):
        routes.include_router(part)
    return routes
