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

_BEGIN = """
INSERT INTO positions (topic, part, next_offset, generation) SELECT $1, part, 0, $3 FROM unnest($2::smallint[]) n (part) ORDER BY part
ON CONFLICT DO NOTHING
"""
# The locks make a second projector of the same partition wait and then find nothing new; in one order, so that none waits for the other.
_LOCK = "SELECT part, next_offset, generation FROM positions WHERE topic = $1 AND part = ANY($2::smallint[]) ORDER BY part FOR UPDATE"
_MOVE = """
UPDATE positions p SET next_offset = n.next_offset FROM unnest($2::smallint[], $3::bigint[]) AS n (part, next_offset)
WHERE p.topic = $1 AND p.part = n.part
"""


async def project(
    connection: Connection, topic: str, chunk: Sequence[Record], codec: Codec, contract: Contract, *, generation: int = 1
) -> int:
    """Apply records of one topic, those of each partition in offset order; how many of them were new.

    What lies below a stored position is skipped. After an error nothing of the chunk is applied. `generation` is that of
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
    parts = sorted({record.partition for record in chunk})
    await connection.execute(_BEGIN, topic, parts, generation or 1)
    found = {part: (at, known) for part, at, known in await connection.fetch(_LOCK, topic, parts)}
    for _, held in found.values():
        if generation is not None and held != generation:
            raise Conflict(f"the store holds generation {held} of {topic}, not {generation}; start again", found=held, expected=generation)
    fresh = [record for record in chunk if record.offset >= found[record.partition][0]]
    ends = {record.partition: record.offset + 1 for record in fresh}
    await connection.execute(_MOVE, topic, list(ends), list(ends.values()))
    return fresh


async def positions(pool: Pool) -> dict[tuple[str, int], int]:
    """The next offset to apply, by (topic, partition).

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        rows = await connection.fetch("SELECT topic, part, next_offset FROM positions")
    return {(row["topic"], row["part"]): row["next_offset"] for row in rows}
