"""The generation register: which `registers` and `changes` are the present ones. The bus keeps it, so no lost database forgets it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace

from kafka import KafkaAdminClient
from kafka.errors import GroupIdNotFoundError, KafkaError

from databus.bus.address import GENERATIONAL, BusAddress
from databus.bus.journal import Journal
from databus.bus.through import through
from databus.bus.topics import CHANGES, GENERATIONS, REGISTERS
from databus.errors import BusUnavailable, Conflict, DataUnusable, Misconfigured
from databus.model.chunk import Record

FIRST = 1
TOPICS = frozenset({CHANGES, REGISTERS})
_KEY = b"present"
_ASK_SECONDS = 3.0


async def current(address: BusAddress) -> int:
    """The present generation.

    Raises:
        BusUnavailable: the broker does not answer.
        Misconfigured: the register does not exist, or this user may not read it.
        DataUnusable: it holds something that is no generation.
    """
    return _of([record async for records in through(address, [GENERATIONS]) for record in records])


def _of(records: Iterable[Record]) -> int:
    told = [record.value or b"" for record in records if record.key == _KEY]
    if any(not value.isdigit() for value in told):
        raise DataUnusable(f"{GENERATIONS} holds {told[-1]!r}, which is no generation; only `databus rebuild` may write there")
    return max(map(int, told), default=FIRST)


async def present(address: BusAddress) -> BusAddress:
    """The same address in the present generation; raises as `current`."""
    return replace(address, generation=await current(address))


async def first_or_present(address: BusAddress) -> BusAddress:
    """As `present`, before there is a register: only for a user who sees every topic there is."""
    try:
        return await present(address)
    except Misconfigured:
        return replace(address, generation=FIRST)


async def advance(address: BusAddress, *, to: int) -> None:
    """Make a generation the present one; durable when this returns.

    Raises:
        Conflict: it does not follow the present one.
    """
    now = await current(address)
    if to != now + 1:
        raise Conflict(f"generation {to} does not follow generation {now}, which is present", present=now, asked=to)
    async with Journal(address) as journal:
        await journal.append(GENERATIONS, _KEY, str(to).encode())


async def replaced(address: BusAddress, *, every: float = _ASK_SECONDS) -> None:
    """Return as soon as the generation of this address is no longer the present one; raises as `current`."""
    while await current(address) == address.generation:  # noqa: ASYNC110 - nobody can tell us
        await asyncio.sleep(every)


def remove(address: BusAddress) -> list[str]:
    """Delete what the generation of this address has of its own; the topics that were there. Runs as a user that may alter the cluster.

    Raises:
        BusUnavailable: the broker does not answer, or the group is still at work.
    """
    try:
        with closing(KafkaAdminClient(**address.kafka_python())) as admin:
            own = [topic for topic in map(address.topic, sorted(TOPICS)) if topic in set(admin.list_topics())]
            if own:
                admin.delete_topics(own)
            for group in map(address.topic, sorted(GENERATIONAL - TOPICS)):
                _without_group(admin, group)
    except (KafkaError, OSError) as error:
        raise BusUnavailable(f"generation {address.generation} could not be removed: {type(error).__name__}: {error}") from error
    return own


def _without_group(admin: KafkaAdminClient, group: str) -> None:
    try:
        admin.delete_groups([group])
    except GroupIdNotFoundError:
        return
