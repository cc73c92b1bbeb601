"""Findings that time or a later submission moves on, as far as the store can tell: what the daily job answers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from databus.model.finding import OPEN, Answer, FindingStatus
from databus.store.sessions import Pool, session

BY = "calendar"
"""Who answers for time."""
PAGE = 1_000

_OVERDUE = """
SELECT finding_id, department FROM findings
WHERE status IN ('ISSUED', 'ACK') AND due_on < $1 AND finding_id > $2 ORDER BY finding_id LIMIT $3
"""
# The same department said the same fact anew, later and without this fault: nobody has to name the finding for that.
_MENDED = """
SELECT DISTINCT ON (f.finding_id) f.finding_id, f.department, f.record_type, c.event_id, c.submission_id
FROM findings f
JOIN record_versions r ON r.record_key = f.record_key AND r.to_offset IS NULL AND r.record_type = f.record_type
JOIN facts c ON (c.subject_key, c.record_key, c.record_type) = (r.subject_key, r.record_key, r.record_type)
WHERE f.status = ANY($1::text[]) AND f.rule = ANY($2::text[]) AND f.record_key <> '' AND f.due_on IS NOT NULL
    AND c.facet = 'content' AND c.known_at > f.issued_at AND c.event_id <> f.event_id AND starts_with(c.source, f.department || '/')
    AND f.finding_id > $3 AND NOT EXISTS (SELECT FROM findings n WHERE n.event_id = c.event_id AND n.rule = f.rule AND n.field = f.field)
ORDER BY f.finding_id, c.known_at LIMIT $4
"""


async def overdue(pool: Pool, *, today: date, at: int, after: str = "", limit: int = PAGE) -> list[Answer]:
    """The answers to what is not mended though its last day is past, `limit` at most behind the finding `after`.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        rows = await connection.fetch(_OVERDUE, today, after, limit)
    return [Answer(row["finding_id"], row["department"], FindingStatus.OVERDUE, by=BY, at=at) for row in rows]


async def mended(pool: Pool, *, rules: Collection[str], at: int, after: str = "", limit: int = PAGE) -> list[Answer]:
    """The answers to findings of these rules that a later submission on the same record no longer earns, `limit` at most behind
    the finding `after`.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        rows = await connection.fetch(_MENDED, list(OPEN), list(rules), after, limit)
    return [
        Answer(
            row["finding_id"],
            row["department"],
            FindingStatus.FIXED,
            by=row["department"],
            at=at,
            record_type=row["record_type"],
            event_id=row["event_id"],
            submission_id=row["submission_id"],
        )
        for row in rows
    ]
