"""The registry as a process that serves it holds it: read once, read again when it is old or something is missing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence

from databus.bus.registry import Entry
from databus.errors import DatabusError

log = logging.getLogger(__name__)
REST_SECONDS = 1.0
"""What is missing is looked for so often at most: made-up names cannot keep the broker busy."""
OLD_SECONDS = 15.0
"""A version released meanwhile is served after so long at most."""


class Registered:
    """What is registered, by id. `read` asks the bus, in a thread; what was read stays good while the bus is away."""

    def __init__(
        self,
        read: Callable[[], Sequence[Entry]],
        *,
        old: float = OLD_SECONDS,
        rest: float = REST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._old, self._rest, self._clock = read, old, rest, clock
        self._turn = asyncio.Lock()
        self._asked = float("-inf")
        self._entries: tuple[Entry, ...] = ()

    async def entries(self) -> tuple[Entry, ...]:
        """Everything that is registered, as old as `old` at most.

        Raises:
            BusUnavailable: it has never been read, and the bus is away.
        """
        await self._younger(self._old)
        return self._entries

    async def sought(self) -> tuple[Entry, ...]:
        """The same for who has missed something in it: read again, unless that was done within `rest`."""
        await self._younger(self._rest)
        return self._entries

    async def _younger(self, seconds: float) -> None:
        async with self._turn:
            if self._clock() - self._asked < seconds:
                return
            try:
                self._entries = tuple(await asyncio.to_thread(self._read))
            except DatabusError as error:
                if not self._entries:
                    raise
                log.warning("the registry cannot be read again", extra={"cause": error.detail})
            self._asked = self._clock()


def versions(entries: Iterable[Entry], subject: str) -> dict[int, Entry]:
    """The versions of a subject, the lowest first; empty if there is no such subject."""
    found = sorted((entry for entry in entries if entry.schema.name == subject), key=lambda entry: entry.schema.version)
    return {entry.schema.version: entry for entry in found}
