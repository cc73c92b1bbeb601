"""The shipped contract, and what publishing a row needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.publish import Batch

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


@pytest.fixture(scope="session")
def contract() -> Contract:
    return catalogue.load(SCHEMAS)


@pytest.fixture(scope="session")
def codec(contract: Contract) -> Codec:
    return contract.codec()


@pytest.fixture
def batch() -> Batch:
    return Batch("market-regulation", 1_795_400_000, b"s" * 32)
