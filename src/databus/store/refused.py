"""Submissions that the checks kept out, as their findings tell of them: what lies in quarantine."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

from databus.store.sessions import Pool, Row, session, storable, values

Place = tuple[int, str]
"""Where a page ends: time of writing, event id."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One of them. `finding_id` is that of one finding of it, `open` how many of its findings wait; times are in milliseconds."""

    event_id: str
    finding_id: str
    submission_id: str
    record_type: str
    row: int
    rules: tuple[str, ...]
    verdicts: tuple[str, ...]
    open: int
    written_at: int


_PAGE = """
SELECT event_id, min(finding_id) AS finding_id, min(submission_id) AS submission_id, min(record_type) AS record_type, max("row") AS row,
    array_agg(DISTINCT rule) AS rules, array_agg(DISTINCT verdict) AS verdicts,
    count(*) FILTER (WHERE status IN ('ISSUED', 'ACK', 'OVERDUE')) AS open, max(written_at) AS written_at
FROM findings WHERE department = $1 AND written_at >= $2 AND verdict IN ('R', 'H') AND rule = ANY($3::text[])
GROUP BY event_id HAVING $4::bigint IS NULL OR (max(written_at), event_id) < ($4, $5)
ORDER BY max(written_at) DESC, event_id DESC LIMIT $6
"""


async def page(pool: Pool, department: str, *, since: int, rules: Collection[str], after: Place | None, limit: int) -> tuple[Refused, ...]:
    """Refused submissions of a department written since an instant, the latest first; `rules` are those of single submissions.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(department):
        return ()
    at, event_id = after or (None, "")
    async with session(pool) as connection:
        return tuple(map(_refused, await connection.fetch(_PAGE, department, since, list(rules), at, event_id, limit)))


def _refused(row: Row) -> Refused:
    told = values(row)
    return Refused(**{field.name: told[field.name] for field in fields(Refused)})
