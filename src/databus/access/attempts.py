"""How often a login may fail before it is no longer tried: guessing is slow, and who knows the secret is not kept out for long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from databus.errors import TooManyRequests
from databus.ports import Clock
from databus.store.counted import Count

WINDOW = timedelta(minutes=5)
"""In which failures count together."""
EACH, ADDRESS = 5, 30
"""Failures of one client id from one address, and of all ids from it."""


class Counts(Protocol):
    """Counts that all processes share; see `store.counted.Counted`."""

    async def count(self, keys: Sequence[str], *, by: int, now: datetime, window: timedelta) -> Sequence[Count]:
        """Use more of each key."""
        ...

    async def forget(self, key: str) -> None:
        """Nothing has been used."""
        ...

    async def give_back(self, key: str, *, now: datetime) -> None:
        """One use was none."""
        ...


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
