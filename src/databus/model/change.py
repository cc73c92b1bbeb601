"""One typed step of a profile (design 8)."""

from __future__ import annotations

from enum import StrEnum

from databus.model.labels import LabelClass, Standing
from databus.model.nouns import dataclass


class Kind(StrEnum):
    """What a step did. The last four leave the current profile as it is and carry no `pv`.

    ATTRIBUTED and LINKED are about the subject, not about a record, and have a `pv`: `attributes` tell what the one did,
    `moved_to` under which key the subject is known since the other. FORWARDED is what would have moved the profile of a
    subject that is known under another key: it moves that one's.
    """

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    ENDED = "ENDED"
    RESTORED = "RESTORED"
    NOTED = "NOTED"
    ATTRIBUTED = "ATTRIBUTED"
    LINKED = "LINKED"
    HISTORY = "HISTORY"
    DUPLICATE = "DUPLICATE"
    EQUIVOCAL = "EQUIVOCAL"
    FORWARDED = "FORWARDED"

    @property
    def changing(self) -> bool:
        """True if the current profile moved."""
        return self not in _UNCHANGING

    @property
    def of_record(self) -> bool:
        """True if a record's current version moved."""
        return self.changing and self not in (Kind.ATTRIBUTED, Kind.LINKED)


_UNCHANGING = (Kind.HISTORY, Kind.DUPLICATE, Kind.EQUIVOCAL, Kind.FORWARDED)


class Status(StrEnum):
    """Where the value of an attribute comes from (domain 4.1, 4.2).

    Its authority; the code itself; all others, while the authority is silent; nobody, for they differ; nobody at all.
    """

    AUTHORITY = "AUTHORITY"
    DERIVED = "DERIVED"
    PROVISIONAL = "PROVISIONAL"
    CONTESTED = "CONTESTED"
    SILENT = "SILENT"


@dataclass(frozen=True, slots=True)
class Assertion:
    """Whose word on an attribute, and in which field of which record it stands. The value is that field's: it is not repeated."""

    source: str
    record_type: str
    record_key: str
    field: str


@dataclass(frozen=True, slots=True)
class AttributeState:
    """An attribute after a step. `chosen` is None where the value is derived or there is none; `others` are assertions beside it."""

    name: str
    status: Status
    chosen: Assertion | None
    others: tuple[Assertion, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One step. `pv` is dense per subject and never leaves the system.

    `standing`, `label_class`, `wake` and `body` describe the record as it stands after the step; `body` is the
    submission that gives its content (None without content), `department` the source of that content.
    `wake` is the day (days since 1970-01-01) from which the standing may differ by time alone, `rule` what fixed it.
    `origin_*` is the place of the event in `events`, `inbox_*` that of its submission.

    `source` (department/system), `deciding`, `withdrawn` and `content_hash` are the event's. What it says itself is `body`
    where `own`, else `said` (None for an end, a note, and what a DELETE has overtaken): the knowledge `as_of` asks for.
    `duplicate_of` is the event whose copy of the document stands, where that is another source's (DQ-UNI-02). `original` is
    that of the step's event: a step that has one repeats under another key what a submission said once, and belongs to none;
    `via` are the keys it has passed, if it is a copy.
    """

    change_id: str
    kind: Kind
    pv: int | None
    subject_key: str
    subject_name: str
    codes: dict[str, str]
    record_type: str
    record_key: str
    department: str
    system: str
    op: str
    facet: str
    seq: int
    event_id: str
    submission_id: str
    catalog_code: str
    known_at: int
    was: Standing | None
    standing: Standing
    label_class: LabelClass
    wake: int | None
    rule: str
    fields: tuple[str, ...]
    causes: tuple[str, ...]
    inbox_partition: int
    inbox_offset: int
    origin_partition: int
    origin_offset: int
    body: bytes | None
    source: str = ""
    deciding: bool = False
    withdrawn: bool = False
    content_hash: bytes = b""
    own: bool = False
    said: bytes | None = None
    duplicate_of: str = ""
    attributes: tuple[AttributeState, ...] = ()
    original: str = ""
    via: tuple[str, ...] = ()
    moved_to: str = ""
