"""A version of the data: how far each partition of `changes` is applied. It pins pages, stamps snapshots and is a feed's place."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from databus.errors import Gone
from databus.store.sessions import Connection, Pool, session

BEFORE_ALL = -1
_BYTES = 6
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Version:
    """The last applied offset of each partition; a partition not named has none applied.

    A row belongs to a version if `from_offset <= v[p] and (to_offset is None or to_offset > v[p])`.
    """

    generation: int = 1
    offsets: Mapping[int, int] = field(default_factory=dict)

    def at(self, part: int) -> int:
        """The last applied offset of one partition, -1 before the first."""
        return self.offsets.get(part, BEFORE_ALL)

    def holds(self, part: int, from_offset: int, to_offset: int | None) -> bool:
        """True if a row with that life belongs to this version."""
        return from_offset <= self.at(part) and (to_offset is None or to_offset > self.at(part))

    def covers(self, other: Version) -> bool:
        """True if this is the same generation and everywhere as far as the other, or further."""
        return self.generation == other.generation and all(self.at(part) >= offset for part, offset in other.offsets.items())

    @property
    def packed(self) -> str:
        """The offsets as text (base64url), as long whatever they are: the length of a cursor tells of no step."""
        count = -(-(max(self.offsets, default=0) + 1) // _AT_ONCE) * _AT_ONCE
        places = b"".join((self.at(part) + 1).to_bytes(_BYTES, "big") for part in range(count))
        return base64.urlsafe_b64encode(places).decode()

    @classmethod
    def unpacked(cls, text: str, *, generation: int) -> Version:
        """The version with these packed offsets.

        Raises:
            ValueError: they are none.
        """
        try:
            places = base64.urlsafe_b64decode(text)
        except binascii.Error as error:
            raise ValueError("no packed offsets") from error
        found = (int.from_bytes(places[at : at + _BYTES], "big") - 1 for at in range(0, len(places), _BYTES))
        return cls(generation, {part: offset for part, offset in enumerate(found) if offset > BEFORE_ALL})

    def moved(self, offsets: Mapping[int, int]) -> Version:
        """This version moved on; a partition never moves back."""
        parts = self.offsets.keys() | offsets.keys()
        return Version(self.generation, {part: max(self.at(part), offsets.get(part, BEFORE_ALL)) for part in parts})


async def vector(pool: Pool) -> Version:
    """The version applied now.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        return await current(connection)


async def floor(pool: Pool) -> Version:
    """The oldest version from which a feed is still served.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        return await oldest(connection)


async def current(connection: Connection) -> Version:
    """The version applied now, as this connection sees it."""
    rows = await connection.fetch("SELECT part, next_offset - 1 AS applied, generation FROM positions WHERE topic = 'changes'")
    generation = max((row["generation"] for row in rows), default=1)
    return Version(generation, {row["part"]: row["applied"] for row in rows if row["applied"] > BEFORE_ALL})


async def oldest(connection: Connection) -> Version:
    """The oldest version still served, as this connection sees it."""
    now = await current(connection)
    rows = await connection.fetch('SELECT part, "offset" - 1 AS served FROM feed_floor')
    return Version(now.generation, {row["part"]: row["served"] for row in rows})


async def require_served(connection: Connection, version: Version) -> None:
    """Refuse a version whose generation has been replaced, or below the floor, where rows are already gone.

    Raises:
        Gone: it is no longer served; the facts name the oldest version that is.
    """
    lowest = await oldest(connection)
    if not version.covers(lowest):
        facts = {"generation": lowest.generation, "oldest": dict(lowest.offsets)}
        raise Gone("this position is no longer served; begin with a new snapshot", **facts)
