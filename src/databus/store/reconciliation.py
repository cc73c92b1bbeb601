"""The sum of the line: every submission the store knows or knew of, in one class each (design 11)."""

from __future__ import annotations

from dataclasses import dataclass, fields

from databus.store.sessions import Pool, session

SECRECY = "DQ-SEC-01"
"""Rule under which a declared state secret is refused (domain 5.1)."""
OF_PROFILES = "^DQ-(CONS|REF|UNI)-"
"""Rules on what is in a profile already: their findings judge a record, never whether a submission gets in."""


@dataclass(frozen=True, slots=True)
class Count:
    """Submissions once per submission id. `refused` are state secrets, `other` are steps that no submission made,
    `copies` those of what was told on along a link."""

    refused: int
    rejected: int
    held: int
    changing: int
    history: int
    duplicate: int
    equivocal: int
    other: int
    copies: int = 0

    @property
    def accepted(self) -> int:
        """Submissions that passed the checks."""
        return self.changing + self.history + self.duplicate + self.equivocal

    @property
    def submissions(self) -> int:
        """All that have been judged: to be held against what was published."""
        return self.refused + self.rejected + self.held + self.accepted


JUDGING = f"""
SELECT coalesce(nullif(submission_id, ''), event_id) AS submission_id, event_id, rule, verdict, written_at
FROM findings WHERE verdict IN ('R', 'H') AND rule !~ '{OF_PROFILES}'
"""
"""The findings that keep a submission out; what could not be read has its place for an id."""


def counted(*, steps: str = "steps", step: str = "true", submission: str = "true") -> str:
    """SQL that counts by class: submissions, and the places of inboxes they lay in.

    `steps` is the table, `step` a condition on its rows, `submission` one on a `submission_id` of steps and findings.
    What moved a profile once counts as that, whatever its repeats were. A submission that has steps was accepted, so
    findings of its rejected repeats do not count; what could not be read has no id but its place.
    """
    return f"""
WITH accepted AS (
    SELECT submission_id, count(DISTINCT event_id) AS places,
        CASE WHEN bool_or(kind NOT IN ('HISTORY', 'DUPLICATE', 'EQUIVOCAL')) THEN 'changing'
            WHEN bool_or(kind = 'EQUIVOCAL') THEN 'equivocal'
            WHEN bool_or(kind = 'HISTORY') THEN 'history' ELSE 'duplicate' END AS class
    FROM {steps} WHERE submission_id <> '' AND {step} AND {submission} GROUP BY submission_id
), turned_back AS (
    SELECT submission_id, count(DISTINCT event_id) AS places,
        CASE WHEN bool_or(rule = '{SECRECY}') THEN 'refused' WHEN bool_or(verdict = 'R') THEN 'rejected' ELSE 'held' END AS class
    FROM ({JUDGING}) f
    WHERE {submission} AND NOT EXISTS (SELECT FROM {steps} WHERE event_id = f.event_id) GROUP BY submission_id
)
SELECT coalesce(a.class, t.class) AS class, count(*) AS submissions,
    sum(coalesce(a.places, 0) + coalesce(t.places, 0))::bigint AS places
FROM accepted a FULL JOIN turned_back t USING (submission_id) GROUP BY 1
"""


WITH_TALLY = (
    "SELECT class, sum(submissions)::bigint AS submissions, sum(places)::bigint AS places FROM (TABLE tally UNION ALL {}) c GROUP BY 1"
)
_OTHER = """
SELECT CASE WHEN original = '' THEN 'other' ELSE 'copies' END, count(*), 0 FROM steps WHERE submission_id = '' GROUP BY 1
"""
_COUNT = WITH_TALLY.format(f"({counted()}) UNION ALL {_OTHER}")


async def count(pool: Pool) -> Count:
    """The sum as far as the store can tell; what is still on its way is in none of it.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        found = {row["class"]: row["submissions"] for row in await connection.fetch(_COUNT)}
    return Count(**{field.name: found.get(field.name, 0) for field in fields(Count)})


# An event id is made of the place of the submission; a step's department is that of the content, not always the sender's.
_PLACES = f"""
SELECT (SELECT count(*) FROM (SELECT event_id FROM steps WHERE submission_id <> '' UNION SELECT event_id FROM ({JUDGING}) f) j)
    + (SELECT coalesce(sum(places), 0) FROM tally)::bigint
"""


async def places(pool: Pool) -> int:
    """How many places of the inboxes have been judged: to be held against what the inboxes took.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        return int(await connection.fetchval(_PLACES))
