"""The shipped contracts, a codec over them, and an inbox that checks what is put into it."""

from __future__ import annotations

import pytest

from databus.contract.catalogue import Contract, load
from databus.contract.codec import Codec
from databus.settings import CHECKOUT
from quality.inbox import Inbox


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load(CHECKOUT / "schemas")


@pytest.fixture(scope="session")
def codec(contract: Contract) -> Codec:
    return contract.codec()


@pytest.fixture(scope="session")
def inbox(contract: Contract, codec: Codec) -> Inbox:
    return Inbox(contract, codec)
