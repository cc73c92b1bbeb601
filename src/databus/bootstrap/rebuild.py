"""The recovery drill: fold `events` again into the next generation, compare it with the live one, and put it in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from databus.bus import generations, topics
from databus.bus.address import BusAddress
from databus.bus.refold import committed, refold, registers_of
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.profile import profiler
from databus.profile.digest import digests

GROUP = "profiler"
ROUNDS = 6
_PAUSE_SECONDS = 0.5
Progress = Callable[[int, int], None]
"""Told (offsets folded, offsets in all)."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One partition in both generations. `differing` are subjects whose digests never agreed, `folded` the offset reached."""

    partition: int
    folded: int
    subjects: int
    differing: tuple[str, ...]
    rounds: int


async def fold_again(
    address: BusAddress, contract: Contract, codec: Codec, *, checked: bool = True, progress: Progress = lambda done, all: None
) -> tuple[Compared, ...]:
    """Fold every partition into the generation after that of `address` (user `rebuild`), and compare the digests.

    Not `checked`, the live registers are not looked at: they may be damaged.

    The live profiler goes on meanwhile, and is never overtaken. A subject that differs may just have moved: it is looked at
    again, each time in one state folded up to what the live one has committed, and counts once it was equal. Findings, ticks
    and forwarded copies are not written again: only `changes`, and registers.

    Raises:
        BusUnavailable: the broker does not answer.
        DataUnusable: a register is damaged.
    """
    new, bounds = replace(address, generation=address.generation + 1), await committed(address, GROUP)
    done, total = dict.fromkeys(bounds, 0), sum(bounds.values())

    async def one(partition: int, bound: int) -> Compared:
        def moved(offset: int) -> None:
            done[partition] = min(offset, bound)
            progress(sum(done.values()), total)

        differing: frozenset[str] | None = None
        for number in range(1, ROUNDS + 1):
            until = bound if number == 1 else (await committed(address, GROUP))[partition]
            state = await refold(
                new,
                partition,
                group=GROUP,
                transactional_id=f"rebuild-{partition}",
                processor=profiler.processor(contract, codec, writes=False),
                duty=profiler.duty(contract, codec, writes=False),
                until=until,
                outputs=(topics.CHANGES,),
                progress=moved,
            )
            made = digests(state.groups(), codec)
            live = digests((await registers_of(address, partition)).groups(), codec) if checked else made
            unequal = frozenset(subject for subject in live.keys() | made.keys() if live.get(subject) != made.get(subject))
            differing = unequal if differing is None else differing & unequal
            if not differing:
                break
            await asyncio.sleep(_PAUSE_SECONDS * number)
        return Compared(partition, until, len(made), tuple(sorted(differing or ())), number)

    # One at a time: the state of one partition in two generations is in memory, not that of all.
    return tuple([await one(partition, bound) for partition, bound in sorted(bounds.items())])


async def put_in_place(address: BusAddress) -> BusAddress:
    """Make the generation after that of `address` the present one; from here on every process goes over to it by itself.

    Raises:
        Conflict: another rebuild has been faster. BusUnavailable: it is not known to be done.
    """
    await generations.advance(address, to=address.generation + 1)
    return replace(address, generation=address.generation + 1)
