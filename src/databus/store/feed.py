"""Steps for a feed: what changed since a version, judged by what each record is now (design 9)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from databus.model.change import Kind
from databus.store.rows import StepRow, columns, record_of, visible
from databus.store.sessions import Connection, Pool, Row, snapshot
from databus.store.versions import Version, current, require_served

SCANNED = 10_000
"""Steps looked at in one call: it bounds the work for a caller who may see few of them."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps, and the version to go on from. `more`: the caller may see another one behind it.

    Not `whole`: the call looked at as much as one may, and another one tells whether there is more.
    """

    rows: tuple[StepRow, ...]
    version: Version
    more: bool
    whole: bool


_SCAN = """
SELECT count(*) AS scanned, max(from_offset) AS last FROM (
    SELECT r.from_offset FROM record_versions r WHERE r.part = $1 AND r.from_offset > $2 AND r.from_offset <= $3
    ORDER BY r.from_offset LIMIT $4
) s
"""

# Shown: the record is visible now. Withdrawn: it is not, and this very step took it out of the classes the caller may see.
_STEPS = f"""
SELECT {columns("r")}, r.change_id, r.part, r.from_offset, r.kind, c.class_id, NOT shown OR r.payload IS NULL AS withdrawn
FROM record_versions r
JOIN record_versions c ON c.record_type = r.record_type AND c.subject_key = r.subject_key
    AND c.record_key = r.record_key AND c.to_offset IS NULL
CROSS JOIN LATERAL (SELECT {visible("c", classes="$4", today="$5")} AS shown) j
WHERE r.part = $1 AND r.from_offset > $2 AND r.from_offset <= $3
    AND (shown OR (
        NOT c.class_id = ANY($4::bigint[]) AND NOT r.class_id = ANY($4::bigint[]) AND EXISTS (
            SELECT 1 FROM record_versions o
            WHERE o.record_type = r.record_type AND o.record_key = r.record_key AND o.subject_key = r.subject_key
                AND o.to_offset = r.from_offset AND o.class_id = ANY($4::bigint[])
        )
    ))
ORDER BY r.from_offset LIMIT $6
"""


async def steps(pool: Pool, *, vector: Version, classes: Collection[int], today: date, limit: int = 1000) -> Steps:
    """At most `limit` steps behind `vector` that exist for a caller who may see these classes.

    Raises:
        Gone: the vector is below the floor or of a generation that was replaced.
        StoreUnavailable: PostgreSQL is away.
    """
    async with snapshot(pool) as connection:
        await require_served(connection, vector)
        now, left = await current(connection), SCANNED
        found: list[StepRow] = []
        reached: dict[int, int] = {}
        more = False
        for part in sorted(part for part, applied in now.offsets.items() if applied > vector.at(part)):
            scanned, bound = await _scan(connection, part, vector.at(part), now.at(part), left)
            rest, left = limit - len(found), left - scanned
            # One step too many tells whether there is another: what a caller may not see must not.
            rows = await connection.fetch(_STEPS, part, vector.at(part), bound, list(classes), today, rest + 1)
            more = len(rows) > rest
            found += map(_step, rows[:rest])
            reached[part] = bound if not more else found[-1].offset if rest else vector.at(part)
            if more or left <= 0:
                break
    version = vector.moved(reached)
    return Steps(tuple(found), version, more, whole=more or version.covers(now))


async def _scan(connection: Connection, part: int, after: int, until: int, most: int) -> tuple[int, int]:
    """How many steps a call may look at in one partition, and up to which offset that leads."""
    row = await connection.fetchrow(_SCAN, part, after, until, most)
    if row is None or row["scanned"] < most:
        return (row["scanned"] if row else 0), until
    return row["scanned"], row["last"]


def _step(row: Row) -> StepRow:
    record = record_of({**row, "payload": None} if row["withdrawn"] else row)
    return StepRow(row["change_id"], row["part"], row["from_offset"], Kind(row["kind"]), row["withdrawn"], record)
