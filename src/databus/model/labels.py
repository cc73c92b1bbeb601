"""Labels of a fact and the class they intern to: all that policy needs to know of a record (design 9)."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from functools import lru_cache

from databus.model.nouns import dataclass


class Publication(StrEnum):
    """Publication class (domain 3.3). PUBLIC is wider than AUTHORISED and GOV_SHARED, INTERNAL stricter than both."""

    PUBLIC = "PUBLIC"
    AUTHORISED = "AUTHORISED"
    GOV_SHARED = "GOV_SHARED"
    INTERNAL = "INTERNAL"


class Commercial(StrEnum):
    NONE = "NONE"
    CLAIMED = "CLAIMED"
    CONFIRMED = "CONFIRMED"


class Privacy(StrEnum):
    NONE = "NONE"
    PERSONAL = "PERSONAL"
    SENSITIVE = "SENSITIVE"


class Secrecy(StrEnum):
    """State secrecy (domain 3.4). From MIMI on, a submission is refused and its payload forgotten."""

    NONE = "NONE"
    WORK_SECRET = "WORK_SECRET"
    MIMI = "MIMI"
    JIMI = "JIMI"
    JUEMI = "JUEMI"

    @property
    def refused(self) -> bool:
        """True from MIMI on: such data may not exist on this system."""
        return self in (Secrecy.MIMI, Secrecy.JIMI, Secrecy.JUEMI)


class SubjectKind(StrEnum):
    ORGANISATION = "ORGANISATION"
    HOUSEHOLD = "HOUSEHOLD"
    PERSON = "PERSON"


class Standing(StrEnum):
    """Where a record stands on a day (design 8, domain 2.16). MOVED: not here, for its subject is known under another key."""

    SHOWN = "SHOWN"
    HIDDEN = "HIDDEN"
    ARCHIVED = "ARCHIVED"
    REPAIRED = "REPAIRED"
    REVOKED = "REVOKED"
    DELETED = "DELETED"
    HELD = "HELD"
    WAITING = "WAITING"
    MOVED = "MOVED"


def stricter(a: Publication, b: Publication) -> Publication:
    """The class both allow: the stricter one; AUTHORISED against GOV_SHARED is INTERNAL (design 5)."""
    if a == b:
        return a
    if Publication.PUBLIC in (a, b):
        return b if a == Publication.PUBLIC else a
    return Publication.INTERNAL


def narrows(narrow: Publication, wide: Publication) -> bool:
    """True if `narrow` is as strict as `wide` or stricter."""
    return stricter(narrow, wide) == narrow


@dataclass(frozen=True, slots=True)
class LabelClass:
    """Everything policy may depend on. Two records with equal tuples get the same answer.

    `owner` is the department slug; `narrowed` names fields whose class was narrowed per record;
    `flags` are words such as `objection`, `light`, `unverified`, `work_secret`.
    """

    record_type: str
    subject_kind: SubjectKind
    publication: Publication
    commercial: Commercial
    privacy: Privacy
    standing: Standing
    owner: str
    narrowed: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def canonical(self) -> str:
        """The tuple as JSON without spaces: what is hashed and what is stored beside the id."""
        return _canonical(self)

    @property
    def class_id(self) -> int:
        """The first 8 bytes of SHA-256 over the canonical tuple, as a signed 64-bit integer."""
        return _class_id(self.canonical)


@lru_cache(maxsize=4096)
def _canonical(label: LabelClass) -> str:
    return json.dumps([getattr(label, name) for name in label.__slots__], ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=4096)
def _class_id(canonical: str) -> int:
    return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8], "big", signed=True)


@lru_cache(maxsize=4096)
def parse_class(canonical: str) -> LabelClass:
    """The class behind its canonical form.

    Raises:
        ValueError: not a canonical class.
    """
    parts = json.loads(canonical)
    if not isinstance(parts, list) or len(parts) != 9:
        raise ValueError("a label class has nine parts")
    kind, standing = SubjectKind(parts[1]), Standing(parts[5])
    labels = Publication(parts[2]), Commercial(parts[3]), Privacy(parts[4])
    return LabelClass(parts[0], kind, *labels, standing, parts[6], tuple(parts[7]), tuple(parts[8]))
