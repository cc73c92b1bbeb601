"""Reading records by their places or by their keys, many in one pass."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import aclosing

from databus.bus.address import BusAddress
from databus.bus.offsets import ends
from databus.bus.partition import partition
from databus.bus.through import through
from databus.errors import BusUnavailable
from databus.model.chunk import Record

Places = Mapping[int, Collection[int]]
"""Offsets by partition."""


async def read_many(address: BusAddress, topic: str, wanted: Places, *, timeout_seconds: float = 60.0) -> dict[tuple[int, int], Record]:
    """The committed records at these places, by (partition, offset); what is not there (deleted, aborted, never was) is left out.

    Everything between the first and the last place of a partition is fetched on the way: keep them close.

    Raises:
        BusUnavailable: the broker does not answer in time.
        Misconfigured: the topic does not exist or may not be read.
    """
    last = await ends(address, [topic])
    begin = {place: min(wanted.get(place[1], ()), default=end) for place, end in last.items()}
    goal = {place: max(wanted.get(place[1], ()), default=-1) + 1 for place in last}
    found: dict[tuple[int, int], Record] = {}
    try:
        async with asyncio.timeout(timeout_seconds):
            async for records in through(address, [topic], since=begin, until=goal):
                found |= {(one.partition, one.offset): one for one in records if one.offset in wanted.get(one.partition, ())}
    except TimeoutError:
        raise BusUnavailable(f"{topic} was not read in {timeout_seconds:.0f} s", topic=topic) from None
    return found


async def find_keyed(address: BusAddress, topic: str, wanted: Collection[bytes], *, timeout_seconds: float = 120.0) -> dict[bytes, Record]:
    """The first committed record of each key; one that the topic no longer has is left out.

    What lies before the last of them in their partitions is fetched on the way.

    Raises:
        BusUnavailable: the broker does not answer in time.
        Misconfigured: the topic does not exist or may not be read.
    """
    if not wanted:
        return {}
    last, missing = await ends(address, [topic]), set(wanted)
    here = {partition(key, len(last)) for key in missing}
    begin = {place: 0 if place[1] in here else end for place, end in last.items()}
    found: dict[bytes, Record] = {}
    try:
        async with asyncio.timeout(timeout_seconds), aclosing(through(address, [topic], since=begin)) as chunks:
            async for records in chunks:
                for one in records:
                    if one.key in missing:
                        found[one.key] = one
                        missing.remove(one.key)
                if not missing:
                    break
    except TimeoutError:
        raise BusUnavailable(f"{topic} was not read in {timeout_seconds:.0f} s", topic=topic) from None
    return found
