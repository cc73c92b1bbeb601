"""How often a login may fail before it is no longer tried: guessing is slow, and who knows the secret is not kept out for long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from databus.errors import TooManyRequests
from databus.ports import Clock, Counts

WINDOW = timedelta(minutes=5)
"""In which failures count together."""
EACH, ADDRESS = 5, 30
"""Failures of one client id from one address, and of all ids from it."""


@dataclass(frozen=True)
class Attempts:
    """Failures, whichever process saw them."""

    counts: Counts
    clock: Clock

    async def begin(self, client_id: str, address: str) -> None:
        """Let another attempt be made. It counts as failed until it has succeeded: many made at once are as many.

        Raises:
            TooManyRequests: too many have failed; its fact `retry_after` is in seconds.
            StoreUnavailable: nobody can tell.
        """
        now = self.clock()
        counts = await self.counts.count((_of(client_id, address), _from(address)), by=1, now=now, window=WINDOW)
        over = [one.ends_at for one, most in zip(counts, (EACH, ADDRESS), strict=True) if one.used > most]
        if over:
            seconds = max(1, round((max(over) - now).total_seconds()))
            raise TooManyRequests(f"Too many logins have failed; try again in {seconds} seconds.", retry_after=seconds)

    async def succeeded(self, client_id: str, address: str) -> None:
        """Forget the failures of this client id from there; this attempt was none of the address's."""
        await self.counts.forget(_of(client_id, address))
        await self.counts.give_back(_from(address), now=self.clock())


def _of(client_id: str, address: str) -> str:
    return f"login\x1f{address}\x1f{client_id}"


def _from(address: str) -> str:
    return f"login\x1f{address}"
