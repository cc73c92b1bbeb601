"""Findings and their answers, as a department reads them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields

from databus.model.finding import Finding, Verdict
from databus.store.sessions import Pool, Row, session, storable, values

Place = tuple[int, str]
"""Where a page ends: time of issue, finding id."""

COLUMNS = ", ".join(f'"{field.name}"' for field in fields(Finding))
_PAGE = f"""
SELECT {COLUMNS} FROM findings
WHERE department = $1 AND ($2::text[] IS NULL OR status = ANY($2))
    AND ($3::bigint IS NULL OR issued_at < $3 OR (issued_at = $3 AND finding_id > $4))
ORDER BY issued_at DESC, finding_id LIMIT $5
"""
_OF = f'SELECT {COLUMNS} FROM findings WHERE department = $1 AND submission_id = ANY($2::text[]) ORDER BY issued_at, "row", finding_id'


async def page(
    pool: Pool, department: str, *, after: Place | None = None, states: Collection[str] | None = None, limit: int = 100
) -> tuple[Finding, ...]:
    """Findings of a department in these states (default: all), the latest first; go on behind `place` of the last one.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(department, *(states or ())):
        return ()
    issued_at, finding_id = after or (None, None)
    async with session(pool) as connection:
        rows = await connection.fetch(_PAGE, department, None if states is None else list(states), issued_at, finding_id, limit)
    return tuple(map(finding_of, rows))


def place(finding: Finding) -> Place:
    """Where a page ends that ends with this finding."""
    return finding.issued_at, finding.finding_id


async def of_submissions(pool: Pool, department: str, submission_ids: Collection[str]) -> tuple[Finding, ...]:
    """What was found in these submissions of a department, the earliest first.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        return tuple(map(finding_of, await connection.fetch(_OF, department, list(submission_ids))))


def finding_of(row: Row) -> Finding:
    """A finding from its columns."""
    return Finding(**{**values(row), "verdict": Verdict(row["verdict"])})
