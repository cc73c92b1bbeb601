"""From a submission that passed to the event the rest of the line believes: labels, content hash, keys (design 5, 6)."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from functools import lru_cache

import orjson

from databus.contract.catalogue import Contract
from databus.model.event import Event, Labels, Op, facet
from databus.model.labels import Commercial, Privacy, Publication, Secrecy, SubjectKind
from databus.quality.content import Content
from databus.quality.identity import Subject
from databus.quality.submission import Submission

LIGHT = "LIGHT"
# Facts of the envelope that belong to the fact; ids, sequence and times of writing do not.
_OWN = ("valid_from", "valid_to", "decided_at", "withdrawn", "severity", "legal_basis", "admin_division", "reason")


def labels_of(content: Content, contract: Contract) -> Labels:
    """The labels of a record before it has a standing; `flags` are `light`, `work_secret` and those of its content."""
    envelope, narrowed, flags = content.envelope, content.narrowed, {*content.narrowed.flags}
    if contract.rules.on(content.day).severity(content.record_type.lifecycle, content.facts) == LIGHT:
        flags.add("light")
    if envelope["secrecy"] == Secrecy.WORK_SECRET:
        flags.add("work_secret")
    return _labels(content.publication, envelope["commercial_secret"], envelope["privacy"], narrowed.fields, tuple(sorted(flags)))


@lru_cache(maxsize=1 << 12)
def _labels(publication: Publication, commercial: str, privacy: str, narrowed: tuple[str, ...], flags: tuple[str, ...]) -> Labels:
    return Labels(publication, Commercial(commercial), Privacy(privacy), narrowed, flags)


def content_hash(content: Content, labels: Labels) -> bytes:
    """SHA-256 over the canonical JSON of the payload and what of the envelope belongs to the fact."""
    own = {name: content.envelope[name] for name in _OWN}
    named = [labels.publication, labels.commercial, labels.privacy, labels.narrowed, labels.flags]
    told = {"payload": content.payload, "envelope": own, "labels": named}
    return hashlib.sha256(orjson.dumps(told, default=_plain, option=orjson.OPT_SORT_KEYS)).digest()


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"contracts have no values of type {type(value).__name__}")


def deciding(content: Content, contract: Contract) -> bool:
    """True if the source is the organ that decided; for types that name none, if it owns the type."""
    field = content.record_type.deciding
    if field is None:
        return content.record_type.owned_by(content.department, content.received)
    return bool(content.value(field) == contract.departments[content.department].uscc)


def event_of(submission: Submission, content: Content, subject: Subject, record_key: str, body: bytes, contract: Contract) -> Event:
    """The accepted fact."""
    envelope = content.envelope
    op = Op(envelope["op"])
    labels = labels_of(content, contract)
    return Event(
        event_id=submission.event_id,
        submission_id=envelope["submission_id"],
        subject_key=subject.key,
        subject_kind=SubjectKind(subject.kind),
        subject_name=subject.name,
        record_type=content.record_type.name,
        record_key=record_key,
        department=content.department,
        system=envelope["source_system"],
        op=op,
        facet=facet(op, envelope["note"] or ""),
        seq=envelope["source_seq"],
        withdrawn=envelope["withdrawn"],
        deciding=deciding(content, contract),
        catalog_code=envelope["catalog_code"],
        labels=labels,
        content_hash=content_hash(content, labels),
        known_at=submission.known_at,
        inbox_partition=submission.place.partition,
        inbox_offset=submission.place.offset,
        body=body,
        codes=dict(subject.codes),
    )
