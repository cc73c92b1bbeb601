"""The shipped contract, and what publishing a row needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.files.opening import opened
from databus.department.files.row import Row
from databus.department.publish import Batch

LISTED = replace(catalogue.load(Path(__file__).resolve().parents[2] / "schemas").types["ADMIN_PENALTY"].fields["penalty_kinds"], code=None)
"""A field that holds a list."""

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


def rows_in(path: Path, *, encoding: str = "", header: int = 1) -> list[Row]:
    """All rows of a file."""
    with opened(path, encoding=encoding, header=header) as table:
        return list(table.rows)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return catalogue.load(SCHEMAS)


@pytest.fixture(scope="session")
def codec(contract: Contract) -> Codec:
    return contract.codec()


@pytest.fixture
def batch() -> Batch:
    return Batch("market-regulation", 1_795_400_000, b"s" * 32)
