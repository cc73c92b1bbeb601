"""Findings and their answers, as a department reads them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

from databus.model.finding import Answer, Finding, FindingStatus, Tracked, Verdict
from databus.store.sessions import Pool, Row, session, snapshot, storable, values

Place = tuple[int, str]
"""Where a page ends: time of issue, finding id."""

NAMES = tuple(field.name for field in fields(Finding))
COLUMNS = ", ".join(f'"{name}"' for name in NAMES)
TRACKED = f"{COLUMNS}, due_on, answered_by, answered_at, answer, fixed_by_event, fixed_by_submission"


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; None and empty ask for all. `since` and `until` are times of issue in milliseconds, `until` excluded."""

    states: Collection[str] | None = None
    verdicts: Collection[str] | None = None
    rule: str = ""
    record_type: str = ""
    catalog_code: str = ""
    field: str | None = None
    since: int = 0
    until: int | None = None


_FILTERED = """
department = $1 AND ($2::text[] IS NULL OR status = ANY($2)) AND ($3::text[] IS NULL OR verdict = ANY($3))
    AND ($4 = '' OR rule = $4) AND ($5 = '' OR record_type = $5) AND ($6 = '' OR catalog_code = $6)
    AND ($7::text IS NULL OR field = $7) AND issued_at >= $8 AND ($9::bigint IS NULL OR issued_at < $9)
"""
_PAGE = f"""
SELECT {TRACKED} FROM findings
WHERE {_FILTERED} AND ($10::bigint IS NULL OR issued_at < $10 OR (issued_at = $10 AND finding_id > $11))
ORDER BY issued_at DESC, finding_id LIMIT $12
"""
_OF = f'SELECT {COLUMNS} FROM findings WHERE department = $1 AND submission_id = ANY($2::text[]) ORDER BY issued_at, "row", finding_id'
_ONE = f"SELECT {TRACKED} FROM findings WHERE finding_id = $1 AND department = $2"
_OF_EVENTS = f"SELECT {TRACKED} FROM findings WHERE event_id = ANY($1::text[]) AND department = $2 ORDER BY rule, field, finding_id"
_ANSWERS = """
SELECT a.*, f.department FROM answers a JOIN findings f USING (finding_id)
WHERE finding_id = $1 AND f.department = $2 ORDER BY a."offset"
"""


async def page(
    pool: Pool, department: str, asked: Filter | None = None, *, after: Place | None = None, limit: int = 100
) -> tuple[Tracked, ...]:
    """Findings of a department, the latest first; go on behind `place` of the last one.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    bound = _bound(department, asked or Filter())
    if bound is None:
        return ()
    issued_at, finding_id = after or (None, None)
    async with session(pool) as connection:
        return tuple(map(tracked_of, await connection.fetch(_PAGE, *bound, issued_at, finding_id, limit)))


def _bound(department: str, asked: Filter) -> tuple[object, ...] | None:
    """The first nine values bound; None where no text like these can be stored."""
    if not storable(
        department, *(asked.states or ()), *(asked.verdicts or ()), asked.rule, asked.record_type, asked.catalog_code, asked.field
    ):
        return None
    states, verdicts = (None if names is None else list(names) for names in (asked.states, asked.verdicts))
    return department, states, verdicts, asked.rule, asked.record_type, asked.catalog_code, asked.field, asked.since, asked.until


def place(tracked: Tracked) -> Place:
    """Where a page ends that ends with this finding."""
    return tracked.finding.issued_at, tracked.finding.finding_id


@dataclass(frozen=True, slots=True)
class Story:
    """One finding with all answers in their order, and the others of the same submission."""

    tracked: Tracked
    answers: tuple[Answer, ...]
    beside: tuple[Tracked, ...]


async def story(pool: Pool, department: str, finding_id: str) -> Story | None:
    """All about one finding of a department; None where it has none of this id.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(department, finding_id):
        return None
    async with snapshot(pool) as connection:
        row = await connection.fetchrow(_ONE, finding_id, department)
        if row is None:
            return None
        answers = await connection.fetch(_ANSWERS, finding_id, department)
        beside = await connection.fetch(_OF_EVENTS, [row["event_id"]], department)
    others = tuple(tracked_of(one) for one in beside if one["finding_id"] != finding_id)
    return Story(tracked_of(row), tuple(map(_answer_of, answers)), others)


async def of_events(pool: Pool, department: str, event_ids: Collection[str]) -> tuple[Tracked, ...]:
    """All that was found in these events of a department.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        return tuple(map(tracked_of, await connection.fetch(_OF_EVENTS, list(event_ids), department)))


async def of_submissions(pool: Pool, department: str, submission_ids: Collection[str]) -> tuple[Finding, ...]:
    """What was found in these submissions of a department, the earliest first.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        return tuple(map(finding_of, await connection.fetch(_OF, department, list(submission_ids))))


def finding_of(row: Row) -> Finding:
    """A finding from its columns."""
    told = values(row)
    return Finding(**{**{name: told[name] for name in NAMES}, "verdict": Verdict(row["verdict"])})


def tracked_of(row: Row) -> Tracked:
    """A finding and where it stands, from its columns."""
    finding = finding_of(row)
    if finding.status == FindingStatus.ISSUED:
        return Tracked(finding, row["due_on"], None)
    answer = Answer(
        finding.finding_id,
        finding.department,
        FindingStatus(finding.status),
        by=row["answered_by"],
        at=row["answered_at"],
        reason=row["answer"],
        event_id=row["fixed_by_event"],
        submission_id=row["fixed_by_submission"],
    )
    return Tracked(finding, row["due_on"], answer)


def _answer_of(row: Row) -> Answer:
    return Answer(
        row["finding_id"],
        row["department"],
        FindingStatus(row["status"]),
        by=row["by"],
        at=row["at"],
        reason=row["reason"],
        event_id=row["event_id"],
        submission_id=row["submission_id"],
    )
