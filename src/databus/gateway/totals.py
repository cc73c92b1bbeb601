"""How much is open today, counted now and then."""

from __future__ import annotations

import time

from databus.gateway.lens import Lens
from databus.gateway.line import Line

SECONDS = 60.0
"""How long a count is good enough for the front page."""


class Totals:
    """The last count, and when and for what it was made."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._made: tuple[float, tuple[object, ...], tuple[int, int]] | None = None

    async def now(self, lens: Lens) -> tuple[int, int]:
        """Subjects and records that are open to everybody, at most a minute old."""
        question = (self._line.today(), lens.allowed)
        if self._made is None or self._made[1] != question or time.monotonic() - self._made[0] > SECONDS:
            found = await self._line.records.totals(classes=lens.allowed, today=self._line.today())
            self._made = (time.monotonic(), question, found)
        return self._made[2]
