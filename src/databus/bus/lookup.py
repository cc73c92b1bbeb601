"""Reading records by their places, many in one pass, or one by its key."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from databus.bus.address import BusAddress
from databus.bus.follow import beginnings, ends, follow
from databus.bus.partition import partition
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
    first, last = await beginnings(address, [topic]), await ends(address, [topic])
    goal = {place: min(end, max(wanted[place[1]], default=-1) + 1) if place[1] in wanted else 0 for place, end in last.items()}
    begin = {place: max(first[place], min(wanted[place[1]], default=0)) if place[1] in wanted else end for place, end in last.items()}
    begin = {place: min(offset, last[place]) for place, offset in begin.items()}
    found: dict[tuple[int, int], Record] = {}
    at, stop = dict(begin), asyncio.Event()

    def moved(name: str, partition: int, offset: int) -> None:
        at[name, partition] = offset
        if all(at[place] >= goal[place] for place in goal):
            stop.set()

    try:
        async with asyncio.timeout(timeout_seconds):
            async for records in follow(address, topics=[topic], positions=begin, stop=stop, on_position=moved):
                found |= {(one.partition, one.offset): one for one in records if one.offset in wanted.get(one.partition, ())}
    except TimeoutError:
        raise BusUnavailable(f"{topic} was not read in {timeout_seconds:.0f} s", topic=topic) from None
    return found


async def find_keyed(address: BusAddress, topic: str, key: bytes, *, timeout_seconds: float = 120.0) -> Record | None:
    """The first committed record of a key; None where the topic no longer has it.

    Raises:
        BusUnavailable: the broker does not answer in time.
        Misconfigured: the topic does not exist or may not be read.
    """
    first, last = await beginnings(address, [topic]), await ends(address, [topic])
    here = partition(key, len(last))
    begin = {place: first[place] if place[1] == here else end for place, end in last.items()}
    if begin[topic, here] >= last[topic, here]:
        return None
    at, stop, found = dict(begin), asyncio.Event(), list[Record]()

    def moved(name: str, number: int, offset: int) -> None:
        at[name, number] = offset
        if all(at[place] >= end for place, end in last.items()):
            stop.set()

    try:
        async with asyncio.timeout(timeout_seconds):
            async for records in follow(address, topics=[topic], positions=begin, stop=stop, on_position=moved):
                found += [one for one in records if one.key == key]
                if found:
                    break
    except TimeoutError:
        raise BusUnavailable(f"{topic} was not read in {timeout_seconds:.0f} s", topic=topic) from None
    return found[0] if found else None
