"""What a check sees and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Check, Entry
from databus.contract.fields import STEP
from databus.contract.narrowing import Narrowed, narrowed
from databus.contract.predicates import Predicate
from databus.model.event import Op
from databus.model.labels import Publication, SubjectKind, stricter

ENVELOPE = "envelope."
CONTENT = (Op.UPSERT, Op.CORRECT)
"""Operations that state a fact itself."""


@dataclass(frozen=True, slots=True)
class Content:
    """A decoded, normalised submission. `received` is its day, `day` the one its fact is judged by (DQ-CAT-01): the day of
    the decision, else of validity, else `received`. `publication` is the class it would be published under, `narrowed` what
    its own content says about that."""

    record_type: RecordType
    entry: Entry | None
    department: str
    envelope: Mapping[str, Any]
    payload: Mapping[str, Any]
    received: date
    day: date
    publication: Publication
    narrowed: Narrowed

    @property
    def facts(self) -> Mapping[str, Any]:
        """Envelope and payload as predicates of the contract take them."""
        return {"envelope": self.envelope, "payload": self.payload}

    @property
    def op(self) -> str:
        """Name of the operation; `UNKNOWN` where a newer publisher used one we do not know."""
        return str(self.envelope["op"])

    @property
    def carries_content(self) -> bool:
        """True if the operation states the fact itself, not its end or a note."""
        return self.op in CONTENT

    @property
    def person(self) -> bool:
        """True if the subject is a natural person, or might be."""
        return self.envelope["subject"]["kind"] not in (SubjectKind.ORGANISATION, SubjectKind.HOUSEHOLD)

    def value(self, field: str) -> Any:
        """The value of a field of the payload, or of `envelope.…`; None where a step of the path is missing."""
        if field in self.payload:
            return self.payload[field]
        if not field.startswith(ENVELOPE):
            return None
        value: Any = self.envelope
        for step in field.removeprefix(ENVELOPE).split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    def each(self, path: str) -> Iterator[Content]:
        """This submission once per value of a part of records: as if the part were a field of that value."""
        holder, _, part = path.partition(STEP)
        held = self.payload.get(holder)
        for record in held if isinstance(held, list) else () if held is None else (held,):
            yield replace(self, payload={**self.payload, path: record.get(part)})

    def text(self, field: str) -> str:
        """The value of a text field, empty where there is none."""
        value = self.value(field)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that failed: `observed` as it stood (masked only when the finding is written), `suggestion` what would pass."""

    rule: str
    field: str
    observed: object = ""
    expected: str = ""
    suggestion: str = ""


Rule = Callable[[Content, Check, Contract], Iterator[Failure]]
"""A check of domain 5.1: pure, asked of one submission with the parameters of its type. Conditions among the parameters
(`when`, `unless`, `required_when`) are compiled predicates."""


def applies(content: Content, check: Check) -> bool:
    """True if the check's `when`, where it has one, holds."""
    when: Predicate | None = check.params.get("when")
    return when is None or when(content.facts)


def content_of(
    decoded: Mapping[str, Mapping[str, Any]],
    *,
    record_type: RecordType,
    contract: Contract,
    department: str,
    received: date,
) -> Content:
    """A decoded submission with its catalogue entry, the day it is judged by and the class it would be published under."""
    envelope, payload = decoded["envelope"], decoded["payload"]
    entry = contract.entries.get(envelope["catalog_code"])
    publication = Publication(envelope["publication_class"])
    if entry is not None:
        publication = stricter(entry.publication, publication)
    # An end or a note carries no content that could say anything of it.
    told = narrowed(record_type.narrowings if envelope["op"] in CONTENT else (), decoded)
    return Content(
        record_type=record_type,
        entry=entry,
        department=department,
        envelope=envelope,
        payload=payload,
        received=received,
        day=envelope["decided_at"] or envelope["valid_from"] or received,
        publication=stricter(publication, told.publication),
        narrowed=told,
    )
