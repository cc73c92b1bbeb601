"""An intake in memory and a client that speaks to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from department.http.world import World, build


@pytest.fixture
def world() -> World:
    return build()


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(world.app, raise_server_exceptions=False, headers={"authorization": "Bearer emergency"}) as made:
        yield made
