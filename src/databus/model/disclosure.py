"""Who asks, what policy answers, and what may leave (design 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from databus.model.labels import LabelClass


class Role(StrEnum):
    """Requesters of domain 3.5."""

    PUBLIC = "PUBLIC"
    AGENCY = "AGENCY"
    DEPARTMENT = "DEPARTMENT"
    STEWARD = "STEWARD"
    OFFICER = "OFFICER"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `organisation` is the department's or agency's slug, empty for the public."""

    name: str
    role: Role
    organisation: str = ""


ANONYMOUS = Caller("anonymous", Role.PUBLIC)


@dataclass(frozen=True, slots=True)
class Permit:
    """A grant to a department or a consent for an agency (domain 3.2, 3.5).

    Empty `record_types`, `items` or `subjects` mean no limit of that kind. Days are inclusive, Asia/Shanghai.
    `terms` are words policy may ask for: `written`, `confidentiality`, `owner_consents`, `sensitive`.
    """

    permit_id: str
    version: int
    kind: str
    grantee: str
    subjects: tuple[str, ...]
    record_types: tuple[str, ...]
    items: tuple[str, ...]
    purposes: tuple[str, ...]
    terms: tuple[str, ...]
    legal_basis: str
    valid_from: date
    valid_to: date
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question to policy: a caller, a purpose and a relation to the subject, over a set of label classes.

    `relation` is one of none, self, owner, permit. `day` is the day in Asia/Shanghai, never the instant.
    """

    caller: Caller
    purpose: str
    relation: str
    permit: Permit | None
    day: date
    classes: tuple[LabelClass, ...]


class Action(StrEnum):
    """What a plan does to one field."""

    KEEP = "KEEP"
    MASK = "MASK"
    DROP = "DROP"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Keep, mask with a named function, or drop, and the reason code (domain 3.5) where it is not kept."""

    action: Action
    mask: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """The answer for one class. `visible` false means that no record of it exists for this caller."""

    visible: bool
    reasons: tuple[str, ...]
    fields: Mapping[str, FieldRule] = field(default_factory=dict)
    obligations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A decision compiled to keep, mask or drop per field of each class.

    `plan_id` = hash(input, revision). `classes` maps class ids to their plan; a class it lacks is denied. `possible` are
    those that a record can have, whether or not there is one: what `withheld` tells of a type.
    """

    plan_id: str
    revision: str
    question: Question
    classes: Mapping[int, ClassPlan]
    expires_at: datetime
    possible: tuple[int, ...] = ()

    @property
    def allowed(self) -> tuple[int, ...]:
        """Ids of the classes of which this caller may see anything: the row filter."""
        return tuple(class_id for class_id, plan in self.classes.items() if plan.visible)


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One record as it leaves: fields kept or masked, and per withheld field its reason. Withheld is not null."""

    fields: Mapping[str, object]
    withheld: Mapping[str, str]
    reasons: tuple[str, ...]
    obligations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What the trail keeps of one answer: who, why, what fields of which records; never a value of a record.

    `at` is in milliseconds; `outcome` is ALLOW, PARTIAL or DENY; `records` are record keys as disclosed;
    `disclosed` and `withheld` are field names per record type; `count` serves counted reads of public data.
    """

    decision_id: str
    at: int
    request_id: str
    caller: str
    role: str
    organisation: str
    purpose: str
    relation: str
    permit_id: str
    action: str
    subject_key: str
    outcome: str
    reasons: tuple[str, ...]
    records: tuple[str, ...]
    disclosed: Mapping[str, tuple[str, ...]]
    withheld: Mapping[str, Mapping[str, str]]
    plan_id: str
    revision: str
    count: int = 1
