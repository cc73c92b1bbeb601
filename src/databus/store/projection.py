"""Applying the log: everything of a chunk and its offset in one transaction, so that a repeat changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.errors import Conflict, Misconfigured
from databus.model.chunk import Record
from databus.store.apply import changes, decisions, findings, permits
from databus.store.sessions import Connection, Pool, session, translated

Apply = Callable[[Connection, Sequence[Record], Codec, Contract], Awaitable[None]]

_WAYS = ("hashjoin", "mergejoin", "material", "memoize", "seqscan", "bitmapscan")
CHANGES = "changes"
APPLIED: Mapping[str, Apply] = MappingProxyType(
    {"changes": changes.apply, "findings": findings.apply, "permits": permits.apply, "decisions": decisions.apply}
)
"""Topics that are projected, by their bare names."""


async def project(
    connection: Connection, topic: str, chunk: Sequence[Record], codec: Codec, contract: Contract, *, generation: int = 1
) -> int:
    """Apply records of one partition, in offset order; how many of them were new.

    What lies below the stored position is skipped. After an error nothing of the chunk is applied. `generation` is that of
    `changes` (offsets of another mean other steps).

    Raises:
        Conflict: the store holds another generation of `changes` by now; begin again in that one.
        StoreUnavailable: PostgreSQL is away; the same chunk may be applied again.
        Undecodable: a record is not what its topic holds. Only our own processes write here, so this is a defect.
    """
    apply = APPLIED.get(topic)
    if apply is None:
        raise Misconfigured(f"nothing projects the topic {topic}; projected are {', '.join(APPLIED)}", topic=topic)
    if not chunk:
        return 0
    async with translated(), connection.transaction():
        # A chunk looks up a few thousand rows in tables of any size: only by index, whatever the statistics say.
        await connection.execute("; ".join(f"SET LOCAL enable_{way} = off" for way in _WAYS))
        fresh = await _advance(connection, topic, chunk, generation if topic == CHANGES else None)
        if fresh:
            await apply(connection, fresh, codec, contract)
    return len(fresh)


async def _advance(connection: Connection, topic: str, chunk: Sequence[Record], generation: int | None) -> Sequence[Record]:
    part = chunk[0].partition
    if any(record.partition != part for record in chunk):
        raise ValueError("a chunk holds records of one partition")
    query = "INSERT INTO positions (topic, part, next_offset, generation) VALUES ($1, $2, 0, $3) ON CONFLICT DO NOTHING"
    await connection.execute(query, topic, part, generation or 1)
    # The lock makes a second projector of the same partition wait and then find nothing new.
    query = "SELECT next_offset, generation FROM positions WHERE topic = $1 AND part = $2 FOR UPDATE"
    found, known = await connection.fetchrow(query, topic, part)  # type: ignore[misc]
    if generation is not None and known != generation:
        raise Conflict(f"the store holds generation {known} of {topic}, not {generation}; start again", found=known, expected=generation)
    fresh = [record for record in chunk if record.offset >= found]
    if fresh:
        query = "UPDATE positions SET next_offset = $3 WHERE topic = $1 AND part = $2"
        await connection.execute(query, topic, part, fresh[-1].offset + 1)
    return fresh


async def positions(pool: Pool) -> dict[tuple[str, int], int]:
    """The next offset to apply, by (topic, partition).

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        rows = await connection.fetch("SELECT topic, part, next_offset FROM positions")
    return {(row["topic"], row["part"]): row["next_offset"] for row in rows}
