"""Attributes of a subject as stored: places, never values."""

from __future__ import annotations

from databus.model.change import Assertion, AttributeState, Status
from databus.store.sessions import Pool, session, storable

_NOW = "SELECT attribute, status, chosen, others FROM attribute_versions WHERE subject_key = $1 AND to_offset IS NULL ORDER BY attribute"
_THEN = """
SELECT DISTINCT ON (attribute) attribute, status, chosen, others FROM attribute_versions
WHERE subject_key = $1 AND known_at <= $2 ORDER BY attribute, from_offset DESC
"""


async def of_subject(pool: Pool, subject_key: str, *, known_at: int | None = None) -> tuple[AttributeState, ...]:
    """Whose word each attribute takes, now or as far as was known at an instant (milliseconds); silent ones left out.

    What a caller may see of them, the records they stand in decide.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(subject_key):
        return ()
    async with session(pool) as connection:
        rows = await (connection.fetch(_NOW, subject_key) if known_at is None else connection.fetch(_THEN, subject_key, known_at))
    states = (
        AttributeState(
            row["attribute"],
            Status(row["status"]),
            None if row["chosen"] is None else Assertion(**row["chosen"]),
            tuple(Assertion(**one) for one in row["others"]),
        )
        for row in rows
    )
    return tuple(state for state in states if state.status is not Status.SILENT)
