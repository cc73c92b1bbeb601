"""How a process ends: its exit code tells whoever started it what to do next."""

from __future__ import annotations

import asyncio

import pytest

from databus.bootstrap.parts import main
from databus.errors import BadContract, BusUnavailable


@pytest.mark.parametrize(
    ("ends", "code"),
    [(None, 0), (BadContract("so"), 1), (BusUnavailable("away"), 3), (asyncio.CancelledError(), 3)],
    ids=["stopped", "refused", "away", "cut off by a library"],
)
def test_the_exit_code_says_why(ends: BaseException | None, code: int) -> None:
    async def work() -> int:
        if ends is not None:
            raise ends
        return 0

    assert main("checker", work) == code
