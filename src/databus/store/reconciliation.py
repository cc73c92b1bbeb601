"""The sum of the line: every submission the store knows of, in one class each (design 11)."""

from __future__ import annotations

from dataclasses import dataclass, fields

from databus.store.sessions import Pool, session

SECRECY = "DQ-SEC-01"
"""Rule under which a declared state secret is refused (domain 5.1)."""


@dataclass(frozen=True, slots=True)
class Count:
    """Submissions once per submission id. `refused` are state secrets, `other` are steps that no submission made."""

    refused: int
    rejected: int
    held: int
    changing: int
    history: int
    duplicate: int
    equivocal: int
    other: int

    @property
    def accepted(self) -> int:
        """Submissions that passed the checks."""
        return self.changing + self.history + self.duplicate + self.equivocal

    @property
    def submissions(self) -> int:
        """All that have been judged: to be held against what was published."""
        return self.refused + self.rejected + self.held + self.accepted


# What moved a profile once counts as that, whatever its repeats were. A submission that has steps was accepted,
# so findings of later stages and of its rejected repeats do not count; what could not be read has no id but its place.
_COUNT = """
WITH accepted AS (
    SELECT submission_id,
        CASE WHEN bool_or(kind NOT IN ('HISTORY', 'DUPLICATE', 'EQUIVOCAL')) THEN 'changing'
            WHEN bool_or(kind = 'EQUIVOCAL') THEN 'equivocal'
            WHEN bool_or(kind = 'HISTORY') THEN 'history' ELSE 'duplicate' END AS class
    FROM steps WHERE submission_id <> '' GROUP BY submission_id
), refused AS (
    SELECT coalesce(nullif(submission_id, ''), event_id) AS submission_id,
        CASE WHEN bool_or(rule = $1) THEN 'refused' WHEN bool_or(verdict = 'R') THEN 'rejected' ELSE 'held' END AS class
    FROM findings f
    WHERE verdict IN ('R', 'H') AND NOT EXISTS (SELECT 1 FROM steps s WHERE s.event_id = f.event_id)
    GROUP BY 1
), judged AS (
    SELECT submission_id, class FROM accepted
    UNION ALL
    SELECT submission_id, class FROM refused r WHERE NOT EXISTS (SELECT 1 FROM accepted a WHERE a.submission_id = r.submission_id)
)
SELECT class, count(*) FROM judged GROUP BY class
UNION ALL SELECT 'other', count(*) FROM steps WHERE submission_id = ''
"""


async def count(pool: Pool) -> Count:
    """The sum as far as the store can tell; what is still on its way is in none of it.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        found = {row["class"]: row["count"] for row in await connection.fetch(_COUNT, SECRECY)}
    return Count(**{field.name: found.get(field.name, 0) for field in fields(Count)})


# An event id is made of the place of the submission; a step's department is that of the content, not always the sender's.
_PLACES = """
SELECT count(*) FROM (
    SELECT event_id FROM steps WHERE submission_id <> ''
    UNION
    SELECT event_id FROM findings WHERE verdict IN ('R', 'H')
) AS judged
"""


async def places(pool: Pool) -> int:
    """How many places of the inboxes have been judged: to be held against what the inboxes took.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        return int(await connection.fetchval(_PLACES))
