"""A migrated database of each test's own, and the sample contracts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.store.sessions import Pool
from engines import Engines, store_at
from store.line import Line

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


@pytest.fixture(scope="session")
def contract() -> Contract:
    return catalogue.load(SCHEMAS)


@pytest.fixture(scope="session")
def codec(contract: Contract) -> Codec:
    return contract.codec()


@pytest.fixture
def dsn(engines: Engines) -> str:
    """An empty database."""
    return engines.fresh_database().get_secret_value()


@pytest.fixture
async def pool(dsn: str, contract: Contract) -> AsyncIterator[Pool]:
    async with store_at(SecretStr(dsn), contract) as pool:
        yield pool


@pytest.fixture
def line(pool: Pool, contract: Contract, codec: Codec) -> Line:
    return Line(pool, codec, contract)
