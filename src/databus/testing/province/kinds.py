"""Record types made ready for the sample: what of their contracts is read again for every record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Entry
from databus.contract.predicates import Predicate, predicate
from databus.model.event import Op
from databus.testing.province.subjects import HOUSEHOLD, ORGANISATION, PERSON, Subject
from databus.testing.province.values import Recipe, recipes

_SCOPE = "DQ-SCOPE-01"
_NAME = "name"
"""The attribute whose authority is the registrar."""
OLDER = "reg_no"
CODES = frozenset({"uscc", "org_code", "tax_no"})
_ORGANISATIONS = frozenset({ORGANISATION, HOUSEHOLD})


@dataclass(frozen=True, slots=True)
class Kind:
    """A record type, its recipes, and the entry of each owner.

    `registrars`: where only registrars own the type, which of them speaks of whom, by the first character of the code.
    `once`: a subject has one record of it. `repairable`: its publicity can be ended by a repair. `kinds`: of subjects it may
    be about. `older`: it may be told under an older code alone. `open_persons`: what it says of persons is published
    (type.yaml, `sample_persons`). `sequel`: the fields that only become known after the decision, on one of the
    `sequel_days` among them. `prohibited`: the fields whose facts may not be collected, with the condition.
    """

    record_type: RecordType
    recipes: tuple[Recipe, ...]
    entries: tuple[Entry, ...]
    registrars: Mapping[str, str]
    once: bool
    repairable: bool
    kinds: frozenset[str]
    older: bool
    open_persons: bool
    sequel_days: tuple[str, ...]
    sequel: frozenset[str]
    prohibited: tuple[tuple[str, Predicate], ...]

    def entry(self, subject: Subject, random: Random) -> Entry | None:
        """The entry under which this is told of a subject: that of its registrar, or one drawn; None where nobody tells it."""
        if subject.kind not in self.kinds:
            return None
        if self.registrars and subject.uscc:
            registrar = self.registrars.get(subject.uscc[:1])
            return next((entry for entry in self.entries if entry.department == registrar), None)
        return random.choice(self.entries)


def kinds(contract: Contract) -> tuple[Kind, ...]:
    """All record types of a contract, in its order."""
    registered = contract.attributes["attributes"][_NAME]["authority"]
    registrars = {first: contract.entries[code].department for first, code in registered.items()}
    return tuple(_kind(record_type, contract, registrars) for record_type in contract.types.values())


def op_of(record_type: RecordType) -> str:
    """The operation that states a fact of this type."""
    return str(record_type.row.get("envelope", {}).get("op", Op.UPSERT))


def _kind(record_type: RecordType, contract: Contract, registrars: Mapping[str, str]) -> Kind:
    checks = (check for check in record_type.checks if check.rule == _SCOPE)
    about = _kinds(record_type)
    entries = tuple(_entry(record_type, owner.department) for owner in record_type.owners)
    registered = {entry.department for entry in entries} <= set(registrars.values()) and about != {PERSON}
    days = tuple(name for name, hint in record_type.hints.items() if hint.get("not_future"))
    return Kind(
        record_type=record_type,
        recipes=recipes(record_type),
        entries=entries,
        registrars=registrars if registered else {},
        # Nothing but the subject and the source is in the key of such a type.
        once=all(part.startswith("@") for part in record_type.key),
        repairable=any(record_type.lifecycle in rules.graded for rules in contract.rules.sets),
        kinds=about,
        older=_older(record_type),
        open_persons=record_type.open_persons,
        sequel_days=days,
        sequel=frozenset(days) | {name for name, hint in record_type.hints.items() if hint.get("with") in days},
        prohibited=tuple((check.field, predicate(check.params["unless"], record_type.name)) for check in checks),
    )


def _older(record_type: RecordType) -> bool:
    parts = {name: hint.get("part") for name, hint in record_type.hints.items() if hint["gen"] == "subject"}
    needed = {parts.get(field) for entry in record_type.entries for field in entry.required} | {"uscc"} & set(record_type.key_fields)
    return OLDER in parts.values() and not needed & CODES


def _kinds(record_type: RecordType) -> frozenset[str]:
    told = record_type.row.get("subject", {})
    if told.get("kind") == PERSON:
        return frozenset({PERSON})
    return _ORGANISATIONS | ({PERSON} if "id_number" in told else frozenset())


def _entry(record_type: RecordType, department: str) -> Entry:
    return next(entry for entry in record_type.entries if entry.department == department)
