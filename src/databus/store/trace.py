"""Everything that is known of one event, submission, finding, decision or request: what `databus walk` tells."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from databus.model.change import Kind
from databus.model.disclosure import DecisionRecord
from databus.model.finding import Answer, Finding
from databus.model.labels import LabelClass, Standing, parse_class
from databus.store.decisions import COLUMNS as DECISION
from databus.store.decisions import decision_of
from databus.store.findings import TRACKED, tracked_of
from databus.store.sessions import Connection, Pool, Row, session, snapshot, storable, values

DECISIONS = 20
"""The latest decisions about a record that are told."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step and its places: in the inbox, in `events` (origin) and in `changes` (part, offset). `original` is the event that
    was told on here along a link, empty for one told here first."""

    change_id: str
    kind: Kind
    pv: int | None
    event_id: str
    submission_id: str
    subject_key: str
    record_type: str
    record_key: str
    department: str
    system: str
    op: str
    facet: str
    seq: int
    catalog_code: str
    was: Standing | None
    standing: Standing
    label_class: LabelClass
    wake: date | None
    rule: str
    fields: tuple[str, ...]
    causes: tuple[str, ...]
    inbox_partition: int
    inbox_offset: int
    origin_partition: int
    origin_offset: int
    part: int
    offset: int
    known_at: int
    original: str


@dataclass(frozen=True, slots=True)
class Life:
    """One version of a record, without its content: where it began, where it ended (None: it stands)."""

    record_type: str
    record_key: str
    event_id: str
    standing: Standing
    part: int
    from_offset: int
    to_offset: int | None
    has_payload: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """All rows about one id; the latest decisions first, everything else in the order it happened. `answers` are the latest one to
    each finding that has one."""

    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    answers: tuple[Answer, ...]
    versions: tuple[Life, ...]
    decisions: tuple[DecisionRecord, ...]

    @property
    def empty(self) -> bool:
        """True if nothing is known of the id."""
        return not (self.steps or self.findings or self.decisions)


_STEPS = """
SELECT s.*, l.canonical FROM steps s JOIN label_classes l USING (class_id)
WHERE s.submission_id = ANY($1::text[]) OR s.event_id = ANY($1::text[]) OR s.change_id = ANY($1::text[])
    OR (s.original <> '' AND s.original = ANY($1::text[]))
ORDER BY s.known_at, s.part, s."offset"
"""
_FINDINGS = f"""
SELECT {TRACKED} FROM findings
WHERE finding_id = ANY($1::text[]) OR submission_id = ANY($1::text[]) OR event_id = ANY($1::text[])
ORDER BY issued_at, finding_id
"""
_VERSIONS = """
SELECT record_type, record_key, event_id, standing, part, from_offset, to_offset, payload IS NOT NULL AS has_payload
FROM record_versions r JOIN unnest($1::text[], $2::text[]) AS k (record_key, subject_key) USING (record_key, subject_key)
ORDER BY part, from_offset
"""
_DECISIONS = f"""
SELECT {DECISION} FROM decisions WHERE decision_id = $1 OR request_id = $1 OR records && $2::text[]
ORDER BY decision_id = $1 DESC, request_id = $1 DESC, at DESC, decision_id LIMIT {DECISIONS}
"""


async def of(pool: Pool, identifier: str) -> Trace:
    """All rows about a submission, event, change, finding, decision or request id. A finding leads to its submission.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not identifier or not storable(identifier):
        return Trace((), (), (), (), ())
    async with snapshot(pool) as connection:
        found = await connection.fetch(_FINDINGS, [identifier])
        ids = {identifier, *(row["event_id"] for row in found if row["finding_id"] == identifier)}
        first = await connection.fetch(_STEPS, list(ids))
        steps = await connection.fetch(_STEPS, list(ids | {row["original"] or row["event_id"] for row in first} - {""}))
        ids |= {row["event_id"] for row in steps} - {""}
        findings = await connection.fetch(_FINDINGS, list(ids))
        versions = await _versions(connection, steps)
        decisions = await connection.fetch(_DECISIONS, identifier, [row["record_key"] for row in steps])
    told = tuple(map(tracked_of, findings))
    answers = tuple(one.answer for one in told if one.answer is not None)
    return Trace(tuple(map(_step, steps)), tuple(one.finding for one in told), answers, versions, tuple(map(decision_of, decisions)))


async def accepted(pool: Pool, submissions: Collection[str]) -> frozenset[str]:
    """Those of these submission ids that reached their profile.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        rows = await connection.fetch("SELECT DISTINCT submission_id FROM steps WHERE submission_id = ANY($1::text[])", list(submissions))
    return frozenset(row["submission_id"] for row in rows)


async def _versions(connection: Connection, steps: Sequence[Row]) -> tuple[Life, ...]:
    records = sorted({(row["record_key"], row["subject_key"]) for row in steps})
    rows = await connection.fetch(_VERSIONS, [key for key, _ in records], [subject for _, subject in records])
    return tuple(Life(**{**values(row), "standing": Standing(row["standing"])}) for row in rows)


def _step(row: Row) -> Step:
    told = values(row)
    del told["class_id"], told["written_at"]
    label_class = parse_class(told.pop("canonical"))
    typed = {"kind": Kind(row["kind"]), "standing": Standing(row["standing"]), "was": row["was"] and Standing(row["was"])}
    return Step(**{**told, **typed, "label_class": label_class})
