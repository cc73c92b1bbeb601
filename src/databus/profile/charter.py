"""Who asserts what of a subject, whose word counts, and what the whole profile is checked for: schemas/attributes.yaml, read once.

Python names no field and no type here: they come from the contract (domain 4.1, 5.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from databus.contract.attributes import Attribute, asserted_by, attributes_of
from databus.contract.catalogue import Contract
from databus.contract.predicates import Predicate, predicate
from databus.model.labels import Privacy

WHERE = "attributes.yaml"
IDENTITY = "DQ-CONS-01"
"""An attribute whose conflicts carry this rule tells who the subject is: a record that differs is held."""


@dataclass(frozen=True, slots=True)
class Told:
    """A record type and the field that tells something where `when` holds."""

    record_type: str
    when: Predicate
    field: str


@dataclass(frozen=True, slots=True)
class Licences:
    """Where licences are numbered, and until when they hold."""

    record_type: str
    when: Predicate
    numbers: tuple[str, ...]
    until: str


@dataclass(frozen=True, slots=True)
class Charter:
    """`asserted` is, by record type, the attributes and the fields that assert them, and `fields` the field of each; `private` fields
    are not repeated in findings.

    `authorities` are the types and departments that are authority for anything of anybody, `derived` the attributes that
    the USCC tells.
    """

    attributes: Mapping[str, Attribute]
    asserted: Mapping[str, tuple[tuple[str, str], ...]]
    fields: Mapping[tuple[str, str], str]
    private: frozenset[tuple[str, str]]
    decided: Mapping[str, str]
    ended: Told
    takes: Told
    licences: Licences
    unfounded: Told
    authorities: frozenset[tuple[str, str]]
    derived: frozenset[str]

    def field(self, record_type: str, attribute: str) -> str:
        """The field by which records of a type assert an attribute; empty if they do not."""
        return self.fields.get((record_type, attribute), "")


def charter_of(contract: Contract) -> Charter:
    """The charter of a contract."""
    checks = contract.attributes["checks"]
    ended, taken = checks["DQ-CONS-03"], checks["DQ-CONS-04"]
    licence = taken["licence"]
    attributes = attributes_of(contract)
    asserted = {name: asserted_by(contract, name) for name in contract.types}
    fields = [(name, field) for name, record_type in contract.types.items() for field in record_type.fields.values()]
    return Charter(
        attributes=attributes,
        asserted=asserted,
        # Where two fields assert one attribute, the first tells it.
        fields={(name, attribute): field for name, told in asserted.items() for attribute, field in reversed(told)},
        private=frozenset((name, field.name) for name, field in fields if field.privacy is not Privacy.NONE),
        decided=ended["decided"],
        ended=_told(ended["ended"], "on"),
        takes=_told(taken["takes"], "named_in"),
        licences=Licences(licence["record_type"], predicate(licence["when"], WHERE), tuple(licence["numbers"]), licence["until"]),
        unfounded=_told(checks["DQ-CONS-05"], "field"),
        authorities=frozenset((by.record_type, by.department) for one in attributes.values() for by in one.authority.values()),
        derived=frozenset(name for name, one in attributes.items() if one.derived is not None),
    )


def _told(row: Mapping[str, Any], field: str) -> Told:
    return Told(row["record_type"], predicate(row["when"], WHERE), row[field])
