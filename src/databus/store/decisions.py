"""Decision records, as an officer searches them: who saw what, why, under which policy. They hold names, never values."""

from __future__ import annotations

from dataclasses import fields

from databus.model.disclosure import DecisionRecord
from databus.store.sessions import Pool, Row, session, storable, values

Place = tuple[int, str]
"""Where a page ends: time, decision id."""

COLUMNS = ", ".join(field.name for field in fields(DecisionRecord))
_SEARCH = f"""
SELECT {COLUMNS} FROM decisions
WHERE ($1::text IS NULL OR caller = $1) AND ($2::text IS NULL OR subject_key = $2)
    AND ($3::text IS NULL OR reasons @> ARRAY[$3]) AND ($4::bigint IS NULL OR at >= $4) AND ($5::bigint IS NULL OR at < $5)
    AND ($6::bigint IS NULL OR at < $6 OR (at = $6 AND decision_id > $7))
ORDER BY at DESC, decision_id LIMIT $8
"""


async def search(
    pool: Pool,
    *,
    caller: str | None = None,
    subject: str | None = None,
    reason: str | None = None,
    since: int | None = None,
    until: int | None = None,
    after: Place | None = None,
    limit: int = 100,
) -> tuple[DecisionRecord, ...]:
    """Decisions that meet all that is asked, the latest first. `subject` is a subject key; `since` (inclusive) and `until`
    (exclusive) are in milliseconds; go on behind `place` of the last one.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(caller, subject, reason):
        return ()
    at, decision_id = after or (None, None)
    async with session(pool) as connection:
        rows = await connection.fetch(_SEARCH, caller, subject, reason, since, until, at, decision_id, limit)
    return tuple(map(decision_of, rows))


def place(decision: DecisionRecord) -> Place:
    """Where a page ends that ends with this decision."""
    return decision.at, decision.decision_id


def decision_of(row: Row) -> DecisionRecord:
    """A decision record from its columns."""
    disclosed = {record_type: tuple(names) for record_type, names in row["disclosed"].items()}
    return DecisionRecord(**{**values(row), "disclosed": disclosed})
