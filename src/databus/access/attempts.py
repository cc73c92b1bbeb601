"""How often a secret may be wrong before it is no longer tried: guessing is slow, and who knows it is not kept out for long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from databus.errors import TooManyRequests
from databus.ports import Clock, Counts

WINDOW = timedelta(minutes=5)
"""In which failures count together."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Failures of one client id from one address, and of all ids from it; `what` tells them from other secrets' failures."""

    what: str
    each: int
    address: int


LOGINS = Bounds("login", 5, 30)
TOKENS = Bounds("token", 20, 120)
"""More: a client's own processes ask for tokens at the same time, many of them from one address."""


@dataclass(frozen=True)
class Attempts:
    """Failures, whichever process saw them."""

    counts: Counts
    clock: Clock
    bounds: Bounds = LOGINS

    async def begin(self, client_id: str, address: str) -> None:
        """Let another attempt be made. It counts as failed until it has succeeded: many made at once are as many.

        Raises:
            TooManyRequests: too many have failed; its fact `retry_after` is in seconds.
            StoreUnavailable: nobody can tell.
        """
        now = self.clock()
        counts = await self.counts.count((self._of(client_id, address), self._from(address)), by=1, now=now, window=WINDOW)
        over = [one.ends_at for one, most in zip(counts, (self.bounds.each, self.bounds.address), strict=True) if one.used > most]
        if over:
            seconds = max(1, math.ceil((max(over) - now).total_seconds()))
            raise TooManyRequests(
                f"Too many attempts have failed; look the secret up and try again in {seconds} seconds.", retry_after=seconds
            )

    async def succeeded(self, client_id: str, address: str) -> None:
        """Forget the failures of this client id from there; this attempt was none of the address's."""
        await self.counts.forget(self._of(client_id, address))
        await self.counts.give_back(self._from(address), now=self.clock())

    def _of(self, client_id: str, address: str) -> str:
        return f"{self._from(address)}\x1f{client_id}"

    def _from(self, address: str) -> str:
        return f"{self.bounds.what}\x1f{address}"
