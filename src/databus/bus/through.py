"""Reading topics through to where they end now: by positions, for offsets have gaps and the last of them may hold no record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing

from databus.bus.address import BusAddress
from databus.bus.follow import Positions, follow
from databus.bus.offsets import beginnings, ends
from databus.model.chunk import Record

Moved = Callable[[Mapping[tuple[str, int], int], Mapping[tuple[str, int], int]], None]
"""Told, by (topic, partition), the next offset to read and the one at which reading ends."""


async def through(
    address: BusAddress,
    topics: Iterable[str],
    *,
    since: Positions | None = None,
    until: Positions | None = None,
    moved: Moved | None = None,
) -> AsyncGenerator[Sequence[Record], None]:
    """Committed records up to where the topics end now, or to the places in `until`; one yield as that of `follow`.

    From the places in `since` on, or, where those are gone or not named, from the first that is left.

    Raises:
        As `follow`.
    """
    topics, told = tuple(topics), since or {}
    first, last = await beginnings(address, topics), await ends(address, topics)
    at = {place: min(max(offset, told.get(place, 0)), last[place]) for place, offset in first.items()}
    goal = last if until is None else {place: min(until.get(place, 0), end) for place, end in last.items()}
    stop = asyncio.Event()

    def reached(topic: str, partition: int, offset: int) -> None:
        at[topic, partition] = offset
        if moved is not None:
            moved(at, goal)
        if all(at[place] >= end for place, end in goal.items()):
            stop.set()

    if all(at[place] >= end for place, end in goal.items()):
        return
    async with aclosing(follow(address, topics=topics, positions=dict(at), stop=stop, on_position=reached)) as chunks:
        async for records in chunks:
            yield records
