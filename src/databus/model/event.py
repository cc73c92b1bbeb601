"""A submission that passed the checks."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from databus.model.labels import Commercial, Privacy, Publication, SubjectKind
from databus.model.nouns import dataclass


class Op(StrEnum):
    """Operations of domain 4.3."""

    UPSERT = "UPSERT"
    CORRECT = "CORRECT"
    REVOKE = "REVOKE"
    REPAIR = "REPAIR"
    ANNOTATE = "ANNOTATE"
    DELETE = "DELETE"
    LINK = "LINK"


def facet(op: Op, note: str = "") -> str:
    """The facet an operation writes (design 8): content, one per end, one per note, or link."""
    match op:
        case Op.UPSERT | Op.CORRECT:
            return "content"
        case Op.ANNOTATE:
            return f"note:{note}"
        case _:
            return op.value.lower()


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels a record carries before it has a standing."""

    publication: Publication
    commercial: Commercial
    privacy: Privacy
    narrowed: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """An accepted fact, immutable.

    `event_id` is derived from the submission's place in its inbox; `submission_id` is the publisher's.
    `known_at` is the broker's append time in the inbox, milliseconds. `deciding` is true when the source is the
    deciding organ or the owner of the record. `codes` maps schemes to codes of the subject, empty for persons.
    `body` is the submission as it lay in the inbox (Confluent framing), re-encoded only where normalisation changed it.

    `link` is the identity a LINK states: the subject key of an older code, that of the unified code it belongs to, and that code;
    empty otherwise.
    One submission that names several codes becomes an event under every key it names: `original` is the id of the first of
    them, and of the event a forwarded copy was made from; empty for originals. `via` are the keys a copy has passed (design 8).
    """

    event_id: str
    submission_id: str
    subject_key: str
    subject_kind: SubjectKind
    subject_name: str
    record_type: str
    record_key: str
    department: str
    system: str
    op: Op
    facet: str
    seq: int
    withdrawn: bool
    deciding: bool
    catalog_code: str
    labels: Labels
    content_hash: bytes
    known_at: int
    inbox_partition: int
    inbox_offset: int
    body: bytes
    codes: dict[str, str] = field(default_factory=dict)
    original: str = ""
    via: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
