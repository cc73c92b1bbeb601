"""What a DELETE leaves to be erased, as the store knows it, and erasing it from every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from databus.store.sessions import Pool, session, snapshot

RecordOf = tuple[str, str, str]
"""Subject key, record type, record key."""


@dataclass(frozen=True, slots=True)
class Due:
    """Records something was said of since the last look that have a DELETE.

    `folded` is the highest offset of `events` whose step is applied, by partition: what lies above is not judged yet.
    `reach` is how far `changes` was looked through for this, by partition. `known_as` are all the keys of a subject that has
    several, by each of those asked about.
    """

    records: tuple[RecordOf, ...]
    folded: Mapping[int, int]
    reach: Mapping[int, int]
    known_as: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_DUE = """
SELECT DISTINCT s.subject_key, s.record_type, s.record_key
FROM steps s LEFT JOIN erased e ON e.part = s.part
WHERE s."offset" > coalesce(e."offset", -1) AND EXISTS (
    SELECT FROM steps d WHERE d.op = 'DELETE' AND d.subject_key = s.subject_key AND d.record_key = s.record_key
)
ORDER BY 1, 2, 3
"""
# `changes` have the partitions of `events`. The last step need not be that of the last event: what it touched is judged later.
_FOLDED = """
SELECT part, max("offset") AS "offset", max(folded) AS folded FROM (
    SELECT part, "offset", folded FROM erased
    UNION ALL
    SELECT s.part, s."offset", s.origin_offset FROM steps s LEFT JOIN erased e USING (part) WHERE s."offset" > coalesce(e."offset", -1)
) known GROUP BY part
"""
_KNOWN_AS = """
WITH RECURSIVE led(asked, key) AS (
    SELECT s, s FROM unnest($1::text[]) s
    UNION SELECT l.asked, m.moved_to FROM led l JOIN subject_moves m ON m.subject_key = l.key WHERE m.moved_to <> ''
), known(asked, key) AS (
    TABLE led UNION SELECT k.asked, m.subject_key FROM known k JOIN subject_moves m ON m.moved_to = k.key
)
SELECT asked, array_agg(key ORDER BY key) AS keys FROM known GROUP BY asked HAVING count(*) > 1
"""


async def due(pool: Pool) -> Due:
    """What is to be erased now.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with snapshot(pool) as connection:
        records = await connection.fetch(_DUE)
        applied = await connection.fetch(_FOLDED)
        known_as = await connection.fetch(_KNOWN_AS, sorted({row["subject_key"] for row in records}))
    return Due(
        records=tuple((row["subject_key"], row["record_type"], row["record_key"]) for row in records),
        folded={row["part"]: row["folded"] for row in applied},
        reach={row["part"]: row["offset"] for row in applied},
        known_as={row["asked"]: tuple(row["keys"]) for row in known_as},
    )


# Versions from before the DELETE that showed an erased source's content, whoever speaks for the record now; and what a
# withdrawn record tells of its subject.
_VERSIONS = """
UPDATE record_versions v SET payload = NULL, subject_name = '', codes = '{}'
WHERE v.subject_key = $1 AND v.record_type = $2 AND v.record_key = $3 AND (
    (v.standing = 'DELETED' AND (v.subject_name <> '' OR v.codes <> '{}'))
    OR (v.to_offset IS NOT NULL AND v.payload IS NOT NULL AND v.department || '/' || v.system = ANY($4::text[]) AND v.from_offset < (
        SELECT max(d."offset") FROM steps d WHERE d.op = 'DELETE' AND d.subject_key = $1 AND d.record_key = $3 AND d.part = v.part
    ))
    OR (v.payload IS NULL AND v.subject_name <> '')
)
"""
_FINDINGS = """
UPDATE findings SET observed = '', expected = '', suggestion = ''
WHERE (record_key = ANY($1::text[]) OR event_id = ANY($2::text[])) AND (observed, expected, suggestion) IS DISTINCT FROM ('', '', '')
"""
_NAMES = """
DELETE FROM subject_names n WHERE n.subject_key = ANY($1::text[]) AND NOT EXISTS (
    SELECT FROM record_versions v WHERE v.subject_key = n.subject_key AND v.subject_name = n.name
)
"""
_CODES = """
DELETE FROM subject_codes c WHERE c.subject_key = ANY($1::text[]) AND NOT EXISTS (
    SELECT FROM record_versions v WHERE v.subject_key = c.subject_key AND v.codes ->> c.scheme = c.value
)
"""
_REACH = """
INSERT INTO erased (part, "offset", folded) VALUES ($1, $2, $3)
ON CONFLICT (part) DO UPDATE SET
    "offset" = greatest(erased."offset", excluded."offset"), folded = greatest(erased.folded, excluded.folded)
"""


async def forget(pool: Pool, asked: Due, *, sources: Mapping[RecordOf, Sequence[str]], events: Sequence[str]) -> int:
    """Erase from every row what the bus no longer has, all or nothing; how many rows held something.

    `sources` are those whose contents were removed, by record; `events` the ids of what was removed.

    Raises:
        StoreUnavailable: PostgreSQL is away; the same may be asked again.
    """
    subjects = sorted({subject for subject, _, _ in asked.records})
    async with session(pool) as connection, connection.transaction():
        rows = 0
        for record in asked.records:
            rows += _count(await connection.execute(_VERSIONS, *record, list(sources.get(record, ()))))
        rows += _count(await connection.execute(_FINDINGS, [key for _, _, key in asked.records], list(events)))
        rows += _count(await connection.execute(_NAMES, subjects))
        rows += _count(await connection.execute(_CODES, subjects))
        await connection.executemany(_REACH, [(part, offset, asked.folded[part]) for part, offset in asked.reach.items()])
    return rows


def _count(done: str) -> int:
    return int(done.rpartition(" ")[2])
