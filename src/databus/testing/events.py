"""Builders of accepted events, and the registers of a partition in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from databus.contract.wire import NEVER, wake_of
from databus.model import keys
from databus.model.chunk import Outcome
from databus.model.event import Event, Labels, Op, facet
from databus.model.labels import Commercial, Privacy, Publication, SubjectKind

SUBJECT = keys.organisation_key("91220000YYYY00012A")
DAY = 86_400_000
"""Milliseconds of a day."""


def accepted(
    op: Op = Op.UPSERT,
    seq: int = 1,
    content: str = "a",
    *,
    department: str = "taxation",
    system: str = "core",
    subject_key: str = SUBJECT,
    record_type: str = "FACT",
    record_key: str = "FACT|1",
    deciding: bool = True,
    withdrawn: bool = False,
    note: str = "1",
    known_at: int = 20_000 * DAY,
    place: int = 0,
    body: bytes | None = None,
    publication: Publication = Publication.PUBLIC,
    subject_kind: SubjectKind = SubjectKind.ORGANISATION,
    flags: tuple[str, ...] = (),
) -> Event:
    """An accepted event; `content` stands for its payload, `place` for its offset in the inbox of its department."""
    written = facet(op, note)
    told = (department, system, subject_key, record_key, op, written, seq, withdrawn, content, place)
    return Event(
        event_id=keys.derived_id("event", *(str(part) for part in told)),
        submission_id=keys.derived_id("submission", *(str(part) for part in told)),
        subject_key=subject_key,
        subject_kind=subject_kind,
        subject_name="" if subject_kind is SubjectKind.PERSON else "某某公司",
        record_type=record_type,
        record_key=record_key,
        department=department,
        system=system,
        op=op,
        facet=written,
        seq=seq,
        withdrawn=withdrawn,
        deciding=deciding,
        catalog_code="C-1",
        labels=Labels(publication, Commercial.NONE, Privacy.NONE, (), flags),
        content_hash=hashlib.sha256(content.encode()).digest(),
        known_at=known_at,
        inbox_partition=0,
        inbox_offset=place,
        body=content.encode() if body is None else body,
        codes={} if subject_kind is SubjectKind.PERSON else {keys.USCI: "91220000YYYY00012A"},
    )


def envelope(seq: int, op: Op = Op.UPSERT) -> dict[str, Any]:
    """The envelope of the submission that such an event was."""
    return {
        "submission_id": "s",
        "op": op.value,
        "catalog_code": "C-1",
        "source_system": "core",
        "source_seq": seq,
        "subject": {"kind": "ORGANISATION", "name": "某某公司"},
        "recorded_at": 0,
        "publication_class": "PUBLIC",
        "secrecy": "NONE",
        "commercial_secret": "NONE",
        "privacy": "NONE",
    }


class MemoryState:
    """The registers of one partition, committed by hand. `reads` counts the values it has handed out."""

    def __init__(self, values: Mapping[bytes, bytes] | None = None) -> None:
        self.values: dict[bytes, bytes] = {}
        self.groups: dict[bytes, dict[bytes, bytes]] = {}
        self.reads = 0
        for key, value in (values or {}).items():
            self.put(key, value)

    def put(self, key: bytes, value: bytes | None) -> None:
        """Write one register; None removes it."""
        group = self.groups.setdefault(keys.prefix(key, 2), {})
        for kept in (self.values, group):
            kept.pop(key, None)
            if value is not None:
                kept[key] = value

    def commit(self, outcome: Outcome) -> None:
        """Take over the registers of an outcome."""
        for key, value in outcome.registers.items():
            self.put(key, value)

    def get(self, key: bytes) -> bytes | None:
        """The value of one register."""
        self.reads += 1
        return self.values.get(key)

    def waking(self) -> Iterator[tuple[int, bytes]]:
        """Wake day and group of every register that has one."""
        found = ((wake_of(value), keys.prefix(key, 2)) for key, value in self.values.items())
        yield from sorted((wake, prefix) for wake, prefix in found if wake != NEVER)

    def of(self, subject: str) -> list[bytes]:
        """The groups of a subject."""
        return [group for group, held in self.groups.items() if held and keys.unpack(group)[0] == subject]

    def behind(self, prefix: bytes) -> Iterator[bytes]:
        """The groups behind one, in order."""
        yield from sorted(group for group, held in self.groups.items() if held and group > prefix)

    def members(self, prefix: bytes, after: bytes = b"") -> Iterator[bytes]:
        """The last parts of a group's keys behind one of them, in order."""
        for name in sorted(name for key in self.groups.get(prefix, {}) if (name := keys.last(key, prefix)) > after):
            self.reads += 1
            yield name

    def group(self, prefix: bytes) -> Mapping[bytes, bytes]:
        """All registers of one record."""
        found = self.groups.get(prefix, {})
        self.reads += len(found)
        return found
