"""What became of a batch of submissions, and what is known of the records they told of: all that taking it back needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from databus.model.change import Kind
from databus.model.labels import LabelClass, parse_class
from databus.store.sessions import Pool, Row, snapshot

Of = tuple[str, str, str]
"""A record: its subject, its type, its key."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one submission of the batch told, as it was folded. `known_at` is in milliseconds."""

    event_id: str
    submission_id: str
    of: Of
    department: str
    system: str
    op: str
    facet: str
    seq: int
    known_at: int
    kind: Kind

    @property
    def source(self) -> str:
        """Department and system."""
        return f"{self.department}/{self.system}"


@dataclass(frozen=True, slots=True)
class Said:
    """A content or an end that a source ever stated of a record. `place` is where its submission lay (partition, offset);
    `label` is the class it was shown in, None where it never was. `stated` is what its envelope said beside the days, None where
    that was not kept; `kind`, `name` and `codes` (by scheme) are the subject's as the record told them, a person's without the last two."""

    event_id: str
    source: str
    facet: str
    seq: int
    mark: bytes
    withdrawn: bool
    deciding: bool
    known_at: int
    catalog_code: str
    payload: Mapping[str, Any] | None
    valid_from: date | None
    valid_to: date | None
    decided_at: date | None
    place: tuple[int, int] | None
    label: LabelClass | None
    stated: Mapping[str, Any] | None = None
    kind: str = ""
    name: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """`told` by event id; `said` by record; `refused` are events that the checks kept out."""

    told: Mapping[str, Told]
    said: Mapping[Of, tuple[Said, ...]]
    refused: frozenset[str]


_PARTS = tuple(one.name for one in fields(Said) if one.name not in ("place", "label", "codes"))
_TOLD = """
SELECT DISTINCT ON (event_id) event_id, submission_id, subject_key, record_type, record_key, department, system, op, facet, seq, known_at,
    kind
FROM steps WHERE event_id = ANY($1::text[]) AND submission_id <> '' AND kind <> 'ATTRIBUTED' ORDER BY event_id, "offset"
"""
_REFUSED = "SELECT DISTINCT event_id FROM findings WHERE event_id = ANY($1::text[]) AND verdict IN ('R', 'H') AND department = $2"
_SAID = """
SELECT f.subject_key, f.record_type, f.record_key, f.event_id, f.source, f.facet, f.seq, f.mark, f.withdrawn, f.deciding, f.known_at,
    f.catalog_code, f.payload, f.valid_from, f.valid_to, f.decided_at, f.stated, s.inbox_partition, s.inbox_offset, c.canonical,
    coalesce(b.kind, '') AS kind, coalesce(t.subject_name, '') AS name, t.codes
FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (subject_key, record_type, record_key)) w
JOIN facts f USING (subject_key, record_type, record_key)
LEFT JOIN LATERAL (
    SELECT inbox_partition, inbox_offset FROM steps WHERE event_id = f.event_id AND submission_id <> '' ORDER BY "offset" LIMIT 1) s ON true
LEFT JOIN LATERAL (
    SELECT l.canonical FROM record_versions v JOIN label_classes l USING (class_id)
    WHERE (v.record_key, v.subject_key, v.record_type) = (f.record_key, f.subject_key, f.record_type) AND v.event_id = f.event_id
    ORDER BY v.from_offset LIMIT 1) c ON true
LEFT JOIN LATERAL (
    SELECT v.subject_name, v.codes FROM record_versions v
    WHERE (v.record_key, v.subject_key, v.record_type) = (f.record_key, f.subject_key, f.record_type)
    ORDER BY v.event_id <> f.event_id, v.from_offset DESC LIMIT 1) t ON true
LEFT JOIN subjects b ON b.subject_key = f.subject_key
"""


async def batch(pool: Pool, department: str, event_ids: Collection[str]) -> Batch:
    """What these events of a department told, and everything said of the same records by anybody.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with snapshot(pool) as connection:
        told = {row["event_id"]: _told(row) for row in await connection.fetch(_TOLD, list(event_ids)) if row["department"] == department}
        refused = frozenset(row["event_id"] for row in await connection.fetch(_REFUSED, list(event_ids), department))
        wanted = {one.of for one in told.values()}
        rows = await connection.fetch(_SAID, *(list(column) for column in zip(*wanted, strict=True))) if wanted else []
    said: dict[Of, list[Said]] = {}
    for row in rows:
        said.setdefault((row["subject_key"], row["record_type"], row["record_key"]), []).append(_said(row))
    return Batch(told, {of: tuple(found) for of, found in said.items()}, refused - told.keys())


def _told(row: Row) -> Told:
    of = row["subject_key"], row["record_type"], row["record_key"]
    parts = {name: row[name] for name in ("event_id", "submission_id", "department", "system", "op", "facet", "seq", "known_at")}
    return Told(of=of, kind=Kind(row["kind"]), **parts)


def _said(row: Row) -> Said:
    place = None if row["inbox_offset"] is None else (row["inbox_partition"], row["inbox_offset"])
    label = None if row["canonical"] is None else parse_class(row["canonical"])
    return Said(place=place, label=label, codes=row["codes"] or {}, **{name: row[name] for name in _PARTS})
