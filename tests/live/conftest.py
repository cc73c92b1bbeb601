"""The line that the live tests share, with a province in it."""

from __future__ import annotations

import pytest

from databus.local.running import Running
from databus.testing.province import ledger
from databus.testing.province.ledger import Line
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
