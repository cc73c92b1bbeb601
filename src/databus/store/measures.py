"""What the daily checks go by, counted in the store: how full, how dense, how fresh, how withdrawn (domain 5.1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from databus.contract.calendar import shanghai_day
from databus.store.sessions import Connection, Pool, session, snapshot

BATCH_OFFSET = -1
"""Inbox offset of a finding that no single submission earned."""
_SHOWN = 6
_LONGEST_RUN = 100_000


@dataclass(frozen=True, slots=True)
class Filled:
    """How often a field was filled in the submissions under an entry."""

    catalog_code: str
    field: str
    filled: int
    records: int


@dataclass(frozen=True, slots=True)
class Run:
    """What one source said of one record: its last submission, the first numbers missing between its first and last, how many
    there are, and how many submissions on the record were refused."""

    catalog_code: str
    record_key: str
    submission_id: str
    missing: tuple[int, ...]
    absent: int
    refused: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """The last day on which anything came under an entry, else the first on which it might have."""

    catalog_code: str
    last: date


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that stands though the deciding source has ended the record, on that day."""

    catalog_code: str
    record_key: str
    submission_id: str
    ended: date


@dataclass(frozen=True, slots=True)
class Measures:
    """All of it, of one state of the store."""

    filled: tuple[Filled, ...]
    runs: tuple[Run, ...]
    delivered: tuple[Delivered, ...]
    copies: tuple[Copy, ...]


_FILLED = """
SELECT a.code, a.field, count(*) AS records, count(*) FILTER (WHERE
    coalesce(btrim(f.payload ->> a.field), '') NOT IN ('', '[]') AND NOT btrim(f.payload ->> a.field) = ANY($4::text[])) AS filled
FROM unnest($1::text[], $2::text[]) AS a (code, field)
JOIN facts f ON f.catalog_code = a.code AND f.facet = 'content' AND f.known_at >= $3 AND f.payload IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2
"""
# Notes take a number as well; they are steps and no facts. A run that is not settled yet is left for another day.
_RUNS = f"""
WITH said AS (
    SELECT record_type, record_key, subject_key, source, catalog_code, seq, known_at, submission_id
    FROM facts WHERE record_type = ANY($1::text[])
    UNION ALL
    SELECT record_type, record_key, subject_key, department || '/' || system, catalog_code, seq, known_at, submission_id
    FROM steps WHERE record_type = ANY($1::text[]) AND op = 'ANNOTATE' AND submission_id <> ''
), runs AS (
    SELECT record_key, split_part(source, '/', 1) AS department, min(seq) AS first, max(seq) AS last, array_agg(DISTINCT seq) AS seqs,
        (array_agg(submission_id ORDER BY seq DESC))[1] AS submission_id, (array_agg(catalog_code ORDER BY seq DESC))[1] AS code
    FROM said GROUP BY record_type, record_key, subject_key, source
    HAVING max(seq) - min(seq) + 1 > count(DISTINCT seq) AND max(seq) - min(seq) < {_LONGEST_RUN} AND max(known_at) < $2
)
SELECT code, record_key, submission_id, last - first + 1 - cardinality(seqs) AS absent,
    ARRAY(SELECT n FROM generate_series(first, last) n WHERE NOT n = ANY(seqs) ORDER BY n LIMIT {_SHOWN}) AS missing,
    (SELECT count(DISTINCT f.event_id) FROM findings f WHERE f.record_key = r.record_key AND f.department = r.department
        AND f.verdict IN ('R', 'H') AND NOT EXISTS (SELECT FROM facts a WHERE a.event_id = f.event_id)) AS refused
FROM runs r ORDER BY code, record_key
"""
_DELIVERED = f"""
WITH came AS (
    SELECT catalog_code, max(known_at) AS at FROM facts GROUP BY 1
    UNION ALL
    SELECT catalog_code, max(issued_at) FROM findings WHERE inbox_offset > {BATCH_OFFSET} GROUP BY 1
    UNION ALL
    SELECT catalog_code, max(known_at) FROM steps WHERE submission_id <> '' GROUP BY 1
)
SELECT e.code, max(c.at) AS at, (SELECT min(known_at) FROM facts) AS began
FROM unnest($1::text[]) AS e (code) LEFT JOIN came c ON c.catalog_code = e.code GROUP BY 1 ORDER BY 1
"""
_COPIES = """
WITH ends AS (
    SELECT DISTINCT ON (record_type, subject_key, record_key, source, facet) * FROM facts
    WHERE facet IN ('revoke', 'repair') AND known_at >= $1
    ORDER BY record_type, subject_key, record_key, source, facet, seq DESC
)
SELECT DISTINCT ON (c.record_key, c.source) c.catalog_code, c.record_key, c.submission_id, e.known_at
FROM ends e JOIN facts c ON (c.subject_key, c.record_key, c.record_type) = (e.subject_key, e.record_key, e.record_type)
WHERE e.deciding AND NOT e.withdrawn AND c.facet = 'content' AND split_part(c.source, '/', 1) <> split_part(e.source, '/', 1)
    AND NOT EXISTS (
        SELECT FROM facts o WHERE (o.subject_key, o.record_key, o.record_type, o.source) =
            (c.subject_key, c.record_key, c.record_type, c.source) AND o.facet IN (e.facet, 'revoke', 'delete') AND NOT o.withdrawn
    )
ORDER BY c.record_key, c.source, c.seq DESC
"""


async def measured(
    pool: Pool, *, fields: Sequence[tuple[str, str]], words: Collection[str], filled_since: int, dense: Collection[str], settled: int,
    entries: Collection[str], ended_since: int,
) -> Measures:  # fmt: skip
    """Count: how often the (entry, field) pairs are filled since an instant by other words than `words`; the runs of `dense`
    types that nothing was added to since `settled`; the last deliveries; the copies of what ended since an instant.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with snapshot(pool) as connection:
        return Measures(
            filled=await _filled(connection, fields, words, filled_since),
            runs=await _runs(connection, dense, settled) if dense else (),
            delivered=await _delivered(connection, entries),
            copies=tuple(
                Copy(row["catalog_code"], row["record_key"], row["submission_id"], shanghai_day(row["known_at"]))
                for row in await connection.fetch(_COPIES, ended_since)
            ),
        )


async def _filled(connection: Connection, fields: Sequence[tuple[str, str]], words: Collection[str], since: int) -> tuple[Filled, ...]:
    codes, names = [code for code, _ in fields], [name for _, name in fields]
    rows = await connection.fetch(_FILLED, codes, names, since, list(words))
    return tuple(Filled(row["code"], row["field"], row["filled"], row["records"]) for row in rows)


async def _runs(connection: Connection, dense: Collection[str], settled: int) -> tuple[Run, ...]:
    rows = await connection.fetch(_RUNS, list(dense), settled)
    return tuple(
        Run(row["code"], row["record_key"], row["submission_id"], tuple(row["missing"]), row["absent"], row["refused"]) for row in rows
    )


async def _delivered(connection: Connection, entries: Collection[str]) -> tuple[Delivered, ...]:
    rows = await connection.fetch(_DELIVERED, list(entries))
    times = ((row["code"], row["began"] if row["at"] is None else row["at"]) for row in rows)
    return tuple(Delivered(code, shanghai_day(at)) for code, at in times if at is not None)


@dataclass(frozen=True, slots=True)
class OpenLapse:
    """A finding of a daily check that has not been answered as mended."""

    finding_id: str
    department: str
    rule: str
    catalog_code: str
    field: str
    record_key: str


_OPEN = f"""
SELECT finding_id, department, rule, catalog_code, field, record_key FROM findings
WHERE inbox_offset = {BATCH_OFFSET} AND status <> 'FIXED' AND rule = ANY($1::text[]) ORDER BY finding_id
"""


async def open_lapses(pool: Pool, rules: Collection[str]) -> tuple[OpenLapse, ...]:
    """Findings of these daily rules that still stand, objected ones among them.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        return tuple(OpenLapse(**dict(row.items())) for row in await connection.fetch(_OPEN, list(rules)))
