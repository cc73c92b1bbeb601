"""What a check sees and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Check, Entry
from databus.contract.fields import STEP
from databus.contract.narrowing import Narrowed, narrowed
from databus.contract.predicates import Predicate
from databus.model.event import Op
from databus.model.labels import Publication, SubjectKind, stricter

ENVELOPE = "envelope."
CONTENT = (Op.UPSERT.value, Op.CORRECT.value)
"""Operations that state a fact itself."""


@dataclass(frozen=True, slots=True)
class Content:
    """A decoded, normalised submission. `received` is its day, `day` the one its fact is judged by (DQ-CAT-01): the day of
    the decision, else of validity, else `received`. `publication` is the class it would be published under, `narrowed` what
    its own content says about that. `facts` are envelope and payload as predicates of the contract take them."""

    record_type: RecordType
    entry: Entry | None
    department: str
    facts: Mapping[str, Mapping[str, Any]]
    envelope: Mapping[str, Any]
    payload: Mapping[str, Any]
    received: date
    day: date
    publication: Publication
    narrowed: Narrowed

    @property
    def op(self) -> str:
        """Name of the operation; `UNKNOWN` where a newer publisher used one we do not know."""
        return str(self.envelope["op"])

    @property
    def carries_content(self) -> bool:
        """True if the operation states the fact itself, not its end or a note."""
        return self.envelope["op"] in CONTENT or self.links

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

    def each(self, holder: str) -> Iterator[Content]:
        """This submission once per record that a field holds: as if its parts were fields, named by their paths."""
        held = self.payload.get(holder)
        for record in held if isinstance(held, list) else () if held is None else (held,):
            parts = {f"{holder}{STEP}{name}": value for name, value in record.items()}
            yield replace(self, payload={**self.payload, **parts})


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
            # Nearly always a dict, and asking an abstract class costs more.
            value = value.get(step) if value.__class__ is dict or isinstance(value, Mapping) else None
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
        facts=decoded,
        envelope=envelope,
        payload=payload,
        received=received,
        day=envelope["decided_at"] or envelope["valid_from"] or received,
        publication=stricter(publication, told.publication),
        narrowed=told,
    )
