"""The store in the bus's generation: loaded beside the old one, then put in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from databus.bus import topics
from databus.bus.address import BusAddress
from databus.bus.follow import follow
from databus.bus.offsets import ends
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.errors import DataUnusable
from databus.store import database, generations, projection
from databus.store.sessions import session

Progress = Callable[[int, int], None]
"""Told (offsets applied, offsets in all)."""


async def load(
    address: BusAddress, dsn: str, codec: Codec, contract: Contract, *, progress: Progress = lambda done, all: None,
    beat: Callable[[], None] = lambda: None,
) -> bool:  # fmt: skip
    """Bring the store into the generation of `address`, if it is in an older one; True if it had to be.

    Readers keep the old generation until the new one is there as a whole. Safe to repeat and to interrupt: a load goes on
    where another one of the same generation stopped, and no two run at once.

    Raises:
        DataUnusable: the store is in a later generation than the bus.
        BusUnavailable, StoreUnavailable: a part is away.
    """
    number = address.generation
    pool = await database.connect(dsn, size=1)
    try:
        async with generations.alone(dsn):
            held = await generations.generation(pool)
            if held > number:
                raise DataUnusable(f"the store is of generation {held}, the bus of generation {number}; they are not of one installation")
            if held == number:
                return False
            await _loaded(address, dsn, codec, contract, progress, beat)
            await generations.swap(dsn, number=number)
            return True
    finally:
        await pool.close()


async def _loaded(address: BusAddress, dsn: str, codec: Codec, contract: Contract, progress: Progress, beat: Callable[[], None]) -> None:
    last = await ends(address, [topics.CHANGES])
    await generations.prepare(dsn, contract, number=address.generation, parts=len(last))
    pool, stop = await database.connect(dsn, size=1, timeout_seconds=600.0, schema=generations.SCHEMA), asyncio.Event()
    try:
        begun = {place: offset for place, offset in (await projection.positions(pool)).items() if place[0] == topics.CHANGES}
        at = dict(begun)

        def moved(topic: str, part: int, offset: int) -> None:
            at[topic, part] = offset
            progress(sum(min(at[place], end) for place, end in last.items()), sum(last.values()))
            beat()
            if all(at[place] >= end for place, end in last.items()):
                stop.set()

        async for chunk in follow(address, topics=[topics.CHANGES], positions=begun, stop=stop, on_position=moved, beat=beat):
            async with session(pool) as connection:
                await projection.project(connection, topics.CHANGES, chunk, codec, contract, generation=address.generation)
    finally:
        await pool.close()
