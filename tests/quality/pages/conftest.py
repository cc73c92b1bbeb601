"""A world with a desk in it, and a browser nobody has logged in with."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from databus.contract.catalogue import Contract
from quality.inbox import Inbox
from quality.pages.world import World, findings


@pytest.fixture
def world(contract: Contract, inbox: Inbox) -> World:
    return World(contract, findings(inbox))


@pytest.fixture
def client(world: World) -> TestClient:
    return world.client()
