"""Record types made ready for the sample: what of their contracts is read again for every record."""

from __future__ import annotations

from dataclasses import dataclass

from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Entry
from databus.contract.predicates import Predicate, predicate
from databus.model.event import Op
from databus.testing.province.values import Recipe, recipes

_SCOPE = "DQ-SCOPE-01"


@dataclass(frozen=True, slots=True)
class Kind:
    """A record type, its recipes, and the entry of each owner.

    `once`: a subject has one record of it. `repairable`: its publicity can be ended by a repair. `of_persons`: it has a
    place for a natural person. `sequel`: the fields that only become known after the
    decision, on one of the `sequel_days` among them.
    `prohibited`: the fields whose facts may not be collected, with the condition.
    """

    record_type: RecordType
    recipes: tuple[Recipe, ...]
    entries: tuple[Entry, ...]
    once: bool
    repairable: bool
    of_persons: bool
    sequel_days: tuple[str, ...]
    sequel: frozenset[str]
    prohibited: tuple[tuple[str, Predicate], ...]


def kinds(contract: Contract) -> tuple[Kind, ...]:
    """All record types of a contract, in its order."""
    return tuple(_kind(record_type, contract) for record_type in contract.types.values())


def op_of(record_type: RecordType) -> str:
    """The operation that states a fact of this type."""
    return str(record_type.row.get("envelope", {}).get("op", Op.UPSERT))


def _kind(record_type: RecordType, contract: Contract) -> Kind:
    checks = (check for check in record_type.checks if check.rule == _SCOPE)
    days = tuple(name for name, hint in record_type.hints.items() if hint.get("not_future"))
    return Kind(
        record_type=record_type,
        recipes=recipes(record_type),
        entries=tuple(_entry(record_type, owner.department) for owner in record_type.owners),
        # Nothing but the subject and the source is in the key of such a type.
        once=all(part.startswith("@") for part in record_type.key),
        repairable=any(record_type.lifecycle in rules.graded for rules in contract.rules.sets),
        of_persons="id_number" in record_type.row.get("subject", {}),
        sequel_days=days,
        sequel=frozenset(days) | {name for name, hint in record_type.hints.items() if hint.get("with") in days},
        prohibited=tuple((check.field, predicate(check.params["unless"], record_type.name)) for check in checks),
    )


def _entry(record_type: RecordType, department: str) -> Entry:
    return next(entry for entry in record_type.entries if entry.department == department)
