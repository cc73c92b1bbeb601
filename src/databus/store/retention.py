"""What is no longer kept: old steps, replies that have expired, and versions nobody can reach any more. What leaves is counted."""

from __future__ import annotations

from dataclasses import dataclass

from databus.store.reconciliation import JUDGING, OF_PROFILES, counted
from databus.store.sessions import Connection, Pool, session

DAYS = 400
"""Days for which steps are served (design 6)."""
_DAY_MS = 86_400_000

# Times of neighbouring steps may be out of order, so the floor is the first step young enough, not the last too old.
_FLOOR = """
INSERT INTO feed_floor (part, "offset")
SELECT p.part, coalesce(min(s."offset"), p.next_offset)
FROM positions p LEFT JOIN steps s ON s.part = p.part AND s.written_at >= $1
WHERE p.topic = 'changes' GROUP BY p.part, p.next_offset
ON CONFLICT (part) DO UPDATE SET "offset" = greatest(feed_floor."offset", excluded."offset")
"""
_VERSIONS = """
DELETE FROM record_versions r USING feed_floor f
WHERE r.part = f.part AND r.to_offset < f."offset"
"""
# The last step of each partition stays: it tells how far `events` is folded.
_AGED = """
CREATE TEMP TABLE aged ON COMMIT DROP AS
SELECT f.part, least(f."offset", (SELECT max(s."offset") FROM steps s WHERE s.part = f.part)) AS "offset" FROM feed_floor f
"""
# All that is known of a submission leaves at once, or what is left of it would count as another one.
_LEAVING = f"""
INSERT INTO leaving
SELECT submission_id FROM (
    SELECT s.submission_id FROM steps s JOIN aged f USING (part) WHERE s."offset" < f."offset" AND s.submission_id <> ''
    UNION SELECT submission_id FROM ({JUDGING}) f WHERE written_at < $1
) old
WHERE NOT EXISTS (
    SELECT FROM steps s JOIN aged f USING (part) WHERE s.submission_id = old.submission_id AND s."offset" >= f."offset"
) AND NOT EXISTS (
    SELECT FROM findings f WHERE f.submission_id = old.submission_id AND f.written_at >= $1
        AND f.verdict IN ('R', 'H') AND f.rule !~ '{OF_PROFILES}'
)
"""
_LEFT = "submission_id IN (TABLE leaving)"
_TALLY = f"""
INSERT INTO tally (class, submissions, places)
{counted(submission=_LEFT)}
UNION ALL
SELECT CASE WHEN s.original = '' THEN 'other' ELSE 'copies' END, count(*), 0 FROM steps s JOIN aged f USING (part)
WHERE s."offset" < f."offset" AND s.submission_id = '' GROUP BY 1
ON CONFLICT (class) DO UPDATE SET submissions = tally.submissions + excluded.submissions, places = tally.places + excluded.places
"""
_STEPS = f"""
DELETE FROM steps s USING aged f
WHERE s.part = f.part AND s."offset" < f."offset" AND (s.submission_id = '' OR s.{_LEFT})
"""
_FINDINGS = f"""
DELETE FROM findings
WHERE written_at < $1 AND (
    coalesce(nullif(submission_id, ''), event_id) IN (TABLE leaving) OR verdict NOT IN ('R', 'H') OR rule ~ '{OF_PROFILES}'
)
"""
_ANSWERS = "DELETE FROM answers a WHERE NOT EXISTS (SELECT FROM findings f WHERE f.finding_id = a.finding_id)"
_REPLIES = "DELETE FROM replies WHERE expires_at <= to_timestamp($1::bigint / 1000.0)"


@dataclass(frozen=True, slots=True)
class Pruned:
    """Rows taken away."""

    versions: int
    steps: int
    findings: int
    replies: int = 0


async def prune(pool: Pool, *, now: int, days: int = DAYS) -> Pruned:
    """Take away what is older than `days` at `now` (milliseconds) and raise the floor of the feeds; current records stay.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    before = now - days * _DAY_MS
    async with session(pool) as connection, connection.transaction():
        await connection.execute(_FLOOR, before)
        await connection.execute(_AGED)
        await connection.execute("CREATE TEMP TABLE leaving (submission_id text PRIMARY KEY) ON COMMIT DROP")
        await connection.execute(_LEAVING, before)
        await connection.execute(_TALLY)
        pruned = Pruned(
            versions=await _count(connection, _VERSIONS),
            steps=await _count(connection, _STEPS),
            findings=await _count(connection, _FINDINGS, before),
            replies=await _count(connection, _REPLIES, now),
        )
        await connection.execute(_ANSWERS)
    return pruned


async def _count(connection: Connection, statement: str, *bound: object) -> int:
    done = await connection.execute(statement, *bound)
    return int(done.rpartition(" ")[2])
