"""Fixtures that start real engines, once per session, and the order of tests: live ones last."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from databus.settings import Settings
from engines import Engines, local_settings, running_engines


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("live") is not None or item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Kafka, PostgreSQL and OPA in a temporary home; nothing of ours runs."""
    with tempfile.TemporaryDirectory(prefix="databus-") as folder, running_engines(local_settings(Path(folder) / "home")) as running:
        yield running


@pytest.fixture
def isolated(engines: Engines) -> Settings:
    """Those engines under a prefix and with a database of this test's own."""
    return engines.isolated()
