"""The day an answer holds for: the lowest day applied, never a day after today."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient

from databus.gateway.routes import router
from databus.testing.planner import TablePlanner
from databus.testing.records import MemoryRecords
from databus.testing.trail import Counter, MemoryTrail
from databus.web.application import application
from databus.web.pages import load_pages
from gateway.world import KEY, NOW, PLATFORM_KEY, callers, contract, verdict

TODAY = NOW.date()


def client(applied: Callable[[], date | None]) -> TestClient:
    pages = load_pages()
    world = router(
        planner=TablePlanner(verdict, lambda: (), clock=lambda: NOW),
        trail=MemoryTrail(),
        records=MemoryRecords(),
        contract=contract(),
        callers=callers,
        clock=lambda: NOW,
        count=Counter(),
        key=KEY,
        platform_key=PLATFORM_KEY,
        pages=pages,
        applied=applied,
    )
    return TestClient(application([world], pages=pages, title="t", version="1", summary="s"))


@pytest.mark.parametrize("path", ["/", "/v1/datasets", "/v1/subjects?q=样例"])
def test_answers_name_the_lowest_day_applied(path: str) -> None:
    days: list[date | None] = [None]
    asked = client(lambda: days[-1])
    assert asked.get(path).headers["Databus-As-Of"] == TODAY.isoformat()
    days.append(TODAY - timedelta(days=2))
    assert asked.get(path).headers["Databus-As-Of"] == (TODAY - timedelta(days=2)).isoformat()
    days.append(TODAY + timedelta(days=1))
    assert asked.get(path).headers["Databus-As-Of"] == TODAY.isoformat()
