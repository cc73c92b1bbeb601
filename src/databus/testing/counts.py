"""Counts in memory, as `store.counts` keeps them for all processes: for tests, held against PostgreSQL by one suite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from databus.model.count import Count


@dataclass
class MemoryCounts:
    """`ports.Counts` in memory."""

    known: dict[str, Count] = field(default_factory=dict)

    async def count(self, keys: Sequence[str], *, by: int, now: datetime, window: timedelta) -> tuple[Count, ...]:
        """Use more of each key."""
        self.known = {key: one for key, one in self.known.items() if one.ends_at > now}
        for key in keys:
            before = self.known.get(key, Count(0, now + window))
            self.known[key] = Count(before.used + by, before.ends_at)
        return tuple(self.known[key] for key in keys)

    async def forget(self, key: str) -> None:
        """Nothing has been used."""
        self.known.pop(key, None)

    async def give_back(self, key: str, *, now: datetime) -> None:
        """One use was none."""
        if (one := self.known.get(key)) is not None and one.ends_at > now:
            self.known[key] = Count(max(0, one.used - 1), one.ends_at)
