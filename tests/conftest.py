"""Fixtures that start real engines, once per session, and the order of tests: live ones last."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as search
from rich.console import Console

from databus.local.running import Running
from databus.local.stack import up
from databus.ports import Counts
from databus.settings import Settings
from databus.store.counts import Counts as PostgresCounts
from databus.testing.counts import MemoryCounts
from engines import DEPARTMENTS, Engines, local_settings, running_engines, store_at

CHROMIUM = Path("/usr/bin/chromium")
PLAN_SECONDS = 6.0

# How long an example takes says something of this machine's load and nothing of the code.
search.register_profile("loaded", deadline=None, suppress_health_check=[HealthCheck.too_slow])
search.load_profile("loaded")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return sum(weight * bool(item.get_closest_marker(name)) for name, weight in (("live", 1), ("browser", 2)))

    items.sort(key=place)


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Kafka, PostgreSQL and OPA in a temporary home; nothing of ours runs."""
    with tempfile.TemporaryDirectory(prefix="databus-") as folder, running_engines(local_settings(Path(folder) / "home")) as running:
        yield running


@pytest.fixture
def isolated(engines: Engines) -> Settings:
    """Those engines under a prefix and with a database of this test's own."""
    return engines.isolated()


@pytest.fixture(scope="session")
def stack() -> Iterator[Running]:
    """The whole line with all services, in a home of its own. Plans are short, so that a test can see them end."""
    with tempfile.TemporaryDirectory(prefix="databus-") as folder:
        settings = local_settings(Path(folder) / "home", plan_seconds=PLAN_SECONDS)
        with up(settings, departments=DEPARTMENTS, console=Console(stderr=True)) as running:
            yield running


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.live)])
async def counts(request: pytest.FixtureRequest) -> AsyncIterator[Counts]:
    """Counts of all processes, in memory and in PostgreSQL."""
    if request.param == "memory":
        yield MemoryCounts()
        return
    async with store_at(request.getfixturevalue("engines").fresh_database()) as pool:
        yield PostgresCounts(pool)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Debian's Chromium; without it browser tests are skipped, and fail where CI is set."""
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Chromium is missing: apt-get install chromium fonts-wqy-microhei")
    return str(CHROMIUM)
