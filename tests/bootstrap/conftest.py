"""An installation of each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bootstrap.installation import Installation, install
from engines import Engines


@pytest.fixture
async def installation(engines: Engines) -> AsyncIterator[Installation]:
    made = await install(engines)
    yield made
    await made.pool.close()
