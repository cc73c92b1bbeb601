"""Reading records as they were: on a day in the world, as far as was known at an instant (design 8, domain 4.7)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from databus.store.rows import RecordRow, record_of, visible
from databus.store.sessions import Pool, session, storable

# Per source the highest seq known whose interval holds (of two contents under one seq the smaller hash stands), then the
# source that speaks for the record as far as was known: the deciding one, one it has not ended, the first by name.
# Whether there is anything to see, and in which class, the record's open row tells.
# Who a subject is, is a question of now: what was told under an older code of it was told of it.
_KNOWN = f"""
WITH RECURSIVE bearers(key) AS (
    SELECT $1::text UNION SELECT m.subject_key FROM bearers b JOIN subject_moves m ON m.moved_to = b.key
), told AS (
    SELECT f.event_id, f.record_type, f.source, f.facet, f.seq, f.mark, f.withdrawn, f.deciding, f.known_at, f.submission_id,
        f.catalog_code, f.payload, f.valid_from, f.valid_to, f.decided_at, f.recorded_at,
        array_to_string(array_replace(string_to_array(f.record_key, '|'), b.key, $1), '|') AS record_key
    FROM bearers b JOIN facts f ON f.subject_key = b.key
), said AS (
    SELECT DISTINCT ON (record_type, record_key, source) * FROM told
    WHERE facet IN ('content', 'link') AND known_at <= $5
        AND coalesce(valid_from, decided_at, $4) <= $4 AND (valid_to IS NULL OR valid_to >= $4)
    ORDER BY record_type, record_key, source, seq DESC, mark, known_at, event_id
), ends AS (
    SELECT DISTINCT ON (record_type, record_key, source, facet) record_type, record_key, source, withdrawn FROM told
    WHERE facet IN ('revoke', 'repair') AND known_at <= $5
    ORDER BY record_type, record_key, source, facet, seq DESC, mark, known_at, event_id
), elected AS (
    SELECT DISTINCT ON (s.record_type, s.record_key) s.* FROM said s WHERE NOT (s.facet = 'link' AND s.withdrawn)
    ORDER BY s.record_type, s.record_key, NOT s.deciding, EXISTS (
        SELECT FROM ends e
        WHERE (e.record_type, e.record_key, e.source) = (s.record_type, s.record_key, s.source) AND NOT e.withdrawn
    ), s.source COLLATE "C"
)
SELECT f.record_type, f.record_key, $1::text AS subject_key, o.subject_name, o.codes, split_part(f.source, '/', 1) AS department,
    substr(f.source, strpos(f.source, '/') + 1) AS system, o.standing, f.payload, f.valid_from, f.valid_to, f.decided_at, o.wake,
    f.known_at, f.event_id, f.submission_id, f.catalog_code, o.rule, o.class_id, f.seq, f.recorded_at
FROM elected f JOIN record_versions o ON o.record_type = f.record_type AND o.subject_key = $1
    AND o.record_key = f.record_key AND o.to_offset IS NULL
WHERE o.payload IS NOT NULL AND {visible("o", classes="$2", today="$3")}
ORDER BY f.record_type, f.decided_at DESC NULLS LAST, f.record_key
"""


async def of_subject(
    pool: Pool, subject_key: str, *, as_of: date, known_at: int, classes: Collection[int], today: date
) -> tuple[RecordRow, ...]:
    """The contents that held on `as_of` as far as was known at `known_at` (milliseconds), of the records a caller may see now.

    Content, source, days and `known_at` are those of then; standing, class, wake day and rule are the record's now, for by
    them it is judged. A content without a first day holds from the day of its decision; without that, or without a last
    day, it has no such bound. What was erased is gone at any instant.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(subject_key):
        return ()
    async with session(pool) as connection:
        return tuple(map(record_of, await connection.fetch(_KNOWN, subject_key, list(classes), today, as_of, known_at)))
