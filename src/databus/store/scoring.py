"""Counting the scorecards: one statement per metric over what was received since a month (domain 5.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from databus.contract.calendar import SHANGHAI, Calendar, shanghai_day
from databus.store.sessions import Connection, Pool, session

_MONTH = "date_trunc('month', to_timestamp({} / 1000.0) AT TIME ZONE 'Asia/Shanghai')::date"
_DAY = "(to_timestamp({} / 1000.0) AT TIME ZONE 'Asia/Shanghai')::date"
_FIRST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Due:
    """An entry in a month: something delivered between these instants (milliseconds, the second excluded) kept its cycle."""

    month: date
    department: str
    catalog_code: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What the contract says of scorecards: cells that should be filled, entries with a limit, words for nothing, rules that
    are checks of one submission, entries due by month."""

    cells: Sequence[tuple[str, str]]
    limited: Collection[str]
    words: Collection[str]
    rules: Collection[str]
    due: Sequence[Due]


# A refused submission without a readable record counts as one of its own.
_RECEIVED = f"""
CREATE TEMPORARY TABLE received ON COMMIT DROP AS
SELECT {_MONTH.format("known_at")} AS month, split_part(source, '/', 1) AS department, catalog_code, record_key AS record, event_id,
    true AS accepted, facet = 'content' AS content
FROM facts WHERE known_at >= $1
UNION ALL
SELECT DISTINCT {_MONTH.format("issued_at")}, department, catalog_code,
    coalesce(nullif(record_key, ''), nullif(submission_id, ''), event_id), event_id, false, false
FROM findings f WHERE issued_at >= $1 AND verdict IN ('R', 'H') AND rule = ANY($2::text[])
    AND NOT EXISTS (SELECT FROM facts a WHERE a.event_id = f.event_id)
"""
_BY = "month, department, catalog_code"
_RECORDS = f"SELECT {_BY}, record, bool_or(NOT accepted) AS refused, bool_or(accepted) AS accepted FROM received GROUP BY {_BY}, record"
_SHARES = {
    "pass_rate": f"SELECT {_BY}, count(*) FILTER (WHERE NOT refused), count(*) FROM ({_RECORDS}) r GROUP BY {_BY}",
    "completeness": f"""
        SELECT {_BY}, count(*) FILTER (WHERE coalesce(btrim(f.payload ->> c.field), '') NOT IN ('', '[]')
            AND NOT btrim(f.payload ->> c.field) = ANY((SELECT words FROM asked)::text[])), count(*)
        FROM received r JOIN facts f USING (event_id, catalog_code) JOIN cells c ON c.code = r.catalog_code
        WHERE r.content AND f.payload IS NOT NULL GROUP BY {_BY}""",
    "late_rate": f"""
        SELECT {_BY}, count(DISTINCT record) FILTER (WHERE late), count(DISTINCT record) FROM (
            SELECT {_BY}, record, EXISTS (SELECT FROM findings f WHERE f.event_id = r.event_id AND f.rule = 'DQ-TIM-01') AS late
            FROM received r WHERE catalog_code = ANY((SELECT limited FROM asked)::text[])) r GROUP BY {_BY}""",
    "consistency": f"""
        SELECT {_BY}, count(*) - count(*) FILTER (WHERE contradicts), count(*) FROM (
            SELECT {_BY}, record, bool_or(EXISTS (
                SELECT FROM findings f WHERE f.event_id = r.event_id AND starts_with(f.rule, 'DQ-CONS-'))) AS contradicts
            FROM received r WHERE accepted GROUP BY {_BY}, record) r GROUP BY {_BY}""",
    "duplicate_rate": f"""
        SELECT {_BY}, count(*) FILTER (WHERE twice), count(*) FROM (
            SELECT {_BY}, record, bool_or(EXISTS (SELECT FROM steps s WHERE s.event_id = r.event_id AND s.kind = 'DUPLICATE')
                OR EXISTS (SELECT FROM findings f WHERE f.event_id = r.event_id AND f.rule = 'DQ-UNI-02')) AS twice
            FROM received r GROUP BY {_BY}, record) r GROUP BY {_BY}""",
    "update_timely_rate": f"""
        SELECT {_BY}, count(*) FILTER (WHERE EXISTS (
            SELECT FROM facts f WHERE f.catalog_code = d.catalog_code AND f.known_at >= d.since AND f.known_at < d.until)), count(*)
        FROM due d GROUP BY {_BY}""",
    "coverage": f"""
        SELECT {_BY}, count(*) FILTER (WHERE EXISTS (
            SELECT FROM received r WHERE (r.month, r.catalog_code) = (d.month, d.catalog_code) AND r.accepted)), count(*)
        FROM due d GROUP BY {_BY}""",
    "code_coverage": f"""
        SELECT {_BY}, count(*) FILTER (WHERE coded), count(*) FROM (
            SELECT r.month, r.department, r.catalog_code, r.record, bool_or(v.codes ? 'CN-USCI') AS coded
            FROM received r JOIN record_versions v ON v.record_key = r.record AND v.to_offset IS NULL
                JOIN subjects s ON s.subject_key = v.subject_key AND s.kind = 'ORGANISATION'
            WHERE r.accepted GROUP BY 1, 2, 3, 4) r GROUP BY {_BY}""",
    "fix_rate": f"""
        SELECT {_MONTH.format("issued_at")} AS month, department, catalog_code,
            count(*) FILTER (WHERE status IN ('FIXED', 'REJECTED') AND {_DAY.format("answered_at")} <= due_on),
            count(*)
        FROM findings WHERE issued_at >= (SELECT since FROM asked) AND due_on IS NOT NULL
            AND (status IN ('FIXED', 'REJECTED') OR due_on < (SELECT today FROM asked)) GROUP BY 1, 2, 3""",
    "fix_days": f"""
        SELECT {_MONTH.format("issued_at")} AS month, department, catalog_code,
            percentile_disc(0.5) WITHIN GROUP (ORDER BY greatest(0, b.ordinal - a.ordinal)), count(*)
        FROM findings f JOIN days a ON a.day = {_DAY.format("issued_at")}
            JOIN days b ON b.day = {_DAY.format("answered_at")}
        WHERE issued_at >= (SELECT since FROM asked) AND due_on IS NOT NULL AND status = 'FIXED' GROUP BY 1, 2, 3""",
}
_KEEP = """
INSERT INTO scorecards SELECT s.month, s.department, s.catalog_code, '{metric}', s.n, s.d
FROM ({shares}) AS s (month, department, catalog_code, n, d) WHERE s.d > 0
"""
_TIMELY = """
INSERT INTO scorecards SELECT month, department, catalog_code, 'timely_rate', denominator - numerator, denominator FROM scorecards
WHERE metric = 'late_rate' AND month >= $1
"""
_SAMPLED = """
INSERT INTO scorecards SELECT month, department, catalog_code, metric, sum(numerator), sum(denominator)
FROM reconciliation_samples WHERE month >= $1 GROUP BY 1, 2, 3, 4
"""


async def reach(pool: Pool) -> tuple[date | None, int]:
    """The first month about which something was written since the last count (None: nothing was), and up to when (milliseconds).

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        row = await connection.fetchrow(_REACH)
    assert row is not None
    return (None if row["since"] is None else shanghai_day(row["since"]).replace(day=1)), row["written_at"]


_REACH = """
WITH known AS (SELECT written_at FROM scorecard_reach)
SELECT least(
    (SELECT min(known_at) FROM steps WHERE written_at > (SELECT written_at FROM known)),
    (SELECT min(issued_at) FROM findings WHERE written_at > (SELECT written_at FROM known)),
    (SELECT min(f.issued_at) FROM answers a JOIN findings f USING (finding_id) WHERE a.at > (SELECT written_at FROM known))
) AS since, greatest(
    (SELECT max(written_at) FROM steps), (SELECT max(written_at) FROM findings), (SELECT written_at FROM known)
) AS written_at
"""


async def beginning(pool: Pool) -> date | None:
    """The month of the first thing known; None before there is any.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        first = await connection.fetchval("SELECT least((SELECT min(known_at) FROM steps), (SELECT min(issued_at) FROM findings))")
    return None if first is None else shanghai_day(first).replace(day=1)


async def count(pool: Pool, asked: Asked, *, since: date, today: date, calendar: Calendar, written_at: int) -> None:
    """Count every month from that of `since` on anew, all or nothing.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    month = since.replace(day=1)
    start = int(datetime(month.year, month.month, 1, tzinfo=SHANGHAI).timestamp() * 1000)
    async with session(pool) as connection, connection.transaction():
        await connection.execute(_RECEIVED, start, list(asked.rules), timeout=600)
        await connection.execute("CREATE INDEX ON received (catalog_code, month)")
        await _stage(connection, asked, start, today, _days(month, today, calendar))
        await connection.execute("DELETE FROM scorecards WHERE month >= $1", month)
        for metric, shares in _SHARES.items():
            await connection.execute(_KEEP.format(metric=metric, shares=shares), timeout=600)
        await connection.execute(_TIMELY, month)
        await connection.execute(_SAMPLED, month)
        await connection.execute("UPDATE scorecard_reach SET written_at = greatest(written_at, $1)", written_at)


async def _stage(connection: Connection, asked: Asked, start: int, today: date, days: Iterable[tuple[date, int]]) -> None:
    await connection.execute("CREATE TEMPORARY TABLE asked (since bigint, today date, words text[], limited text[]) ON COMMIT DROP")
    await connection.execute("INSERT INTO asked VALUES ($1, $2, $3, $4)", start, today, list(asked.words), list(asked.limited))
    await connection.execute("CREATE TEMPORARY TABLE cells (code text, field text) ON COMMIT DROP")
    await connection.copy_records_to_table("cells", records=list(asked.cells))
    await connection.execute(
        "CREATE TEMPORARY TABLE due (month date, department text, catalog_code text, since bigint, until bigint) ON COMMIT DROP"
    )
    await connection.copy_records_to_table(
        "due", records=[(one.month, one.department, one.catalog_code, one.since, one.until) for one in asked.due]
    )
    await connection.execute("CREATE TEMPORARY TABLE days (day date PRIMARY KEY, ordinal integer) ON COMMIT DROP")
    await connection.copy_records_to_table("days", records=list(days))


def _days(first: date, last: date, calendar: Calendar) -> list[tuple[date, int]]:
    """Every day with the number of working days up to it."""
    found, ordinal = [], 0
    for at in range(max(first, _FIRST).toordinal(), last.toordinal() + 1):
        day = date.fromordinal(at)
        ordinal += calendar.is_working_day(day)[0]
        found.append((day, ordinal))
    return found
