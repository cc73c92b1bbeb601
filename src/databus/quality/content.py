"""What a check sees and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Check, Entry
from databus.contract.predicates import Predicate
from databus.model.event import Op
from databus.model.labels import Publication, SubjectKind, stricter

ENVELOPE = "envelope."
_STATING = (Op.UPSERT.value, Op.CORRECT.value)


@dataclass(frozen=True, slots=True)
class Content:
    """A decoded, normalised submission. `received` is its day, `day` the one its fact is judged by (DQ-CAT-01): the day of
    the decision, else of validity, else `received`. `publication` is the class it would be published under. `facts` are
    envelope and payload as predicates of the contract take them."""

    record_type: RecordType
    entry: Entry | None
    department: str
    facts: Mapping[str, Mapping[str, Any]]
    envelope: Mapping[str, Any]
    payload: Mapping[str, Any]
    received: date
    day: date
    publication: Publication

    @property
    def op(self) -> str:
        """Name of the operation; `UNKNOWN` where a newer publisher used one we do not know."""
        return str(self.envelope["op"])

    @property
    def carries_content(self) -> bool:
        """True if the operation states the fact itself, not its end or a note."""
        return self.envelope["op"] in _STATING or self.links

    @property
    def links(self) -> bool:
        """True if it says that several codes are one subject's."""
        return self.record_type.maps is not None and self.op == Op.LINK and not self.envelope["withdrawn"]

    @property
    def person(self) -> bool:
        """True if the subject is a natural person, or might be."""
        return self.envelope["subject"]["kind"] not in (SubjectKind.ORGANISATION, SubjectKind.HOUSEHOLD)

    def value(self, field: str) -> Any:
        """The value of a field of the payload, or of `envelope.…`; None where a step of the path is missing."""
        return reading(field)(self)


Reading = Callable[[Content], Any]


@lru_cache(maxsize=1024)
def reading(field: str) -> Reading:
    """`Content.value` for one field, its path taken apart once."""
    if not field.startswith(ENVELOPE):
        return lambda content: content.payload.get(field)
    first, *rest = field.removeprefix(ENVELOPE).split(".")
    if not rest:
        return lambda content: content.envelope.get(first)

    def read(content: Content) -> Any:
        value: Any = content.envelope.get(first)
        for step in rest:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    return read


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that failed: `observed` as it stood (masked only when the finding is written), `suggestion` what would pass,
    `also` a second department that must hear of it."""

    rule: str
    field: str
    observed: object = ""
    expected: str = ""
    suggestion: str = ""
    also: str = ""


Ask = Callable[[Content, Any], Iterable[Failure]]
"""A submission and the value asked about in, what is wrong with it out."""


@dataclass(frozen=True, slots=True)
class Question:
    """A check as one type's submissions are asked, pure. With a `field` it is asked where that has a value, and gets it; without
    one it is asked of every submission."""

    ask: Ask
    field: str = ""


Rule = Callable[[Check, RecordType, Contract], Question]
"""A rule of domain 5.1, made ready once for a type and the parameters it gives. Conditions among the parameters (`when`,
`unless`, `required_when`) are compiled predicates by then."""

NOTHING: tuple[Failure, ...] = ()


def condition(check: Check) -> Predicate:
    """The check's `when`; without one it always applies."""
    when: Predicate | None = check.params.get("when")
    return _always if when is None else when


def _always(facts: Mapping[str, Any]) -> bool:
    return True


Narrowing = Mapping[str, Mapping[str, Publication]]
"""Fields whose code says how far the record may be published (信息使用范围), with the class of each code."""


def narrowing_of(record_type: RecordType, contract: Contract) -> Narrowing:
    """The fields of a type whose code list gives a `publication` to its codes."""
    listed = ((name, contract.codes.rows(field.code)) for name, field in record_type.fields.items() if field.code)
    classes = (
        (name, {row.code: Publication(row.more["publication"]) for row in rows if "publication" in row.more}) for name, rows in listed
    )
    return {name: told for name, told in classes if told}


def content_of(
    decoded: Mapping[str, Mapping[str, Any]],
    *,
    record_type: RecordType,
    contract: Contract,
    department: str,
    received: date,
    narrowing: Narrowing,
) -> Content:
    """A decoded submission with its catalogue entry, the day it is judged by and the class it would be published under."""
    envelope, payload = decoded["envelope"], decoded["payload"]
    entry = contract.entries.get(envelope["catalog_code"])
    publication = Publication(envelope["publication_class"])
    if entry is not None:
        publication = stricter(entry.publication, publication)
    for field, classes in narrowing.items():
        publication = stricter(publication, classes.get(payload[field], publication))
    return Content(
        record_type=record_type,
        entry=entry,
        department=department,
        facts=decoded,
        envelope=envelope,
        payload=payload,
        received=received,
        day=envelope["decided_at"] or envelope["valid_from"] or received,
        publication=publication,
    )
