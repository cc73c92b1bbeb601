"""Steps for a feed: what changed since a version, judged by what each record is now (design 9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from databus.model.change import Kind
from databus.store.rows import StepRow, columns, record_of, visible
from databus.store.sessions import Connection, Pool, Row, snapshot
from databus.store.versions import Version, current, require_served

SCANNED = 5_000
"""Steps of one partition looked at in one call: it bounds the work of a caller who may see few of them."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps in the order of (partition, offset), and the version to go on from. `more`: another call would find more to read."""

    rows: tuple[StepRow, ...]
    version: Version
    more: bool


_BOUNDS = """
SELECT v.part, (
    SELECT r.from_offset FROM record_versions r WHERE r.part = v.part AND r.from_offset > v.applied
    ORDER BY r.from_offset OFFSET $3 LIMIT 1
) AS bound FROM unnest($1::smallint[], $2::bigint[]) AS v (part, applied)
"""

# Shown: the record is visible now. Withdrawn: it is not, and this very step took it out of the classes the caller may see.
_STEPS = f"""
SELECT s.* FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS v (part, applied, bound)
CROSS JOIN LATERAL (
    SELECT {columns("r")}, r.part, r.from_offset, r.kind, c.class_id, NOT shown OR r.payload IS NULL AS withdrawn
    FROM record_versions r
    JOIN record_versions c ON c.record_type = r.record_type AND c.subject_key = r.subject_key
        AND c.record_key = r.record_key AND c.to_offset IS NULL
    CROSS JOIN LATERAL (SELECT {visible("c", classes="$4", today="$5")} AS shown) j
    WHERE r.part = v.part AND r.from_offset > v.applied AND r.from_offset <= v.bound
        AND (shown OR (
            NOT c.class_id = ANY($4::bigint[]) AND NOT r.class_id = ANY($4::bigint[]) AND EXISTS (
                SELECT 1 FROM record_versions o
                WHERE o.record_type = r.record_type AND o.record_key = r.record_key AND o.subject_key = r.subject_key
                    AND o.to_offset = r.from_offset AND o.class_id = ANY($4::bigint[])
            )
        ))
    ORDER BY r.from_offset LIMIT $6
) s ORDER BY s.part, s.from_offset LIMIT $6
"""


async def steps(pool: Pool, *, vector: Version, classes: Iterable[int], today: date, limit: int = 1000) -> Steps:
    """At most `limit` steps behind `vector` that exist for a caller who may see these classes.

    Raises:
        Gone: the vector is below the floor or of a generation that was replaced.
        StoreUnavailable: PostgreSQL is away.
    """
    async with snapshot(pool) as connection:
        await require_served(connection, vector)
        now = await current(connection)
        bounds = await _bounds(connection, vector, now)
        parts = sorted(bounds)
        places = [parts, [vector.at(part) for part in parts], [bounds[part] for part in parts]]
        found = await connection.fetch(_STEPS, *places, list(classes), today, limit)
    rows = tuple(map(_step, found))
    reached = _reached(rows, vector, bounds, full=len(rows) == limit)
    return Steps(rows, reached, more=not reached.covers(now))


async def _bounds(connection: Connection, vector: Version, now: Version) -> dict[int, int]:
    """Per partition that has moved: how far this call looks."""
    parts = sorted(part for part, applied in now.offsets.items() if applied > vector.at(part))
    found = await connection.fetch(_BOUNDS, parts, [vector.at(part) for part in parts], SCANNED - 1)
    return {row["part"]: now.at(row["part"]) if row["bound"] is None else row["bound"] for row in found}


def _reached(rows: Sequence[StepRow], vector: Version, bounds: dict[int, int], *, full: bool) -> Version:
    """A call that took all there was has read to its bounds; a full one only to its last step, and nothing behind it."""
    if not full:
        return vector.moved(bounds)
    last = rows[-1]
    return vector.moved({part: bound if part < last.part else last.offset for part, bound in bounds.items() if part <= last.part})


def _step(row: Row) -> StepRow:
    record = record_of({**row, "payload": None} if row["withdrawn"] else row)
    return StepRow(row["part"], row["from_offset"], Kind(row["kind"]), row["withdrawn"], record)
