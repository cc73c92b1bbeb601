"""Records as they stand now, by their keys: whose they are, and up to which sequence number they are told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from databus.model.labels import Standing
from databus.store.sessions import Pool, session, storable

At = tuple[str, str]
"""Subject key, record key."""

_PRESENT = """
SELECT r.subject_key, r.record_key, r.department, r.system, r.seq, r.standing, r.payload
FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (record_type, subject_key, record_key)
JOIN record_versions r USING (record_type, subject_key, record_key)
WHERE r.to_offset IS NULL
"""


@dataclass(frozen=True, slots=True)
class Present:
    """The open version of a record. `payload` is None where its content was withdrawn."""

    department: str
    system: str
    seq: int
    standing: Standing
    payload: Mapping[str, Any] | None


async def present(pool: Pool, wanted: Collection[tuple[str, str, str]]) -> dict[At, Present]:
    """The records there are of these (record type, subject key, record key).

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    known = [one for one in wanted if storable(*one)]
    async with session(pool) as connection:
        rows = await connection.fetch(_PRESENT, *(list(column) for column in zip(*known, strict=True))) if known else []
    return {
        (row["subject_key"], row["record_key"]): Present(
            row["department"], row["system"], row["seq"], Standing(row["standing"]), row["payload"]
        )
        for row in rows
    }
