"""The line that the live tests share, with a province in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from databus.local.running import Running
from databus.local.stack import up
from databus.testing.province import ledger
from databus.testing.province.ledger import Line
from engines import DEPARTMENTS, local_settings
from live.line import Live, live_of

SAMPLE = ("sample", "--subjects", "200", "--submissions", "2000", "--seed", "35")


@pytest.fixture(scope="session")
def live(stack: Running) -> Live:
    """The shared line. Tests leave it running and settled; whoever breaks more than one process has a line of his own."""
    return live_of(stack.settings)


@pytest.fixture(scope="session")
def province(live: Live) -> tuple[Line, ...]:
    """The sample, sent once; its ledger."""
    live.databus(*SAMPLE)
    return tuple(ledger.read(live.here.settings.home / "sample-ledger.jsonl"))


@pytest.fixture
def own_line(tmp_path: Path) -> Iterator[Live]:
    """A line for one test that breaks things; it ends with the test."""
    settings = local_settings(tmp_path / "home")
    with up(settings, departments=DEPARTMENTS, console=Console(stderr=True)):
        yield live_of(settings)
