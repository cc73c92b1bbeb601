"""Rows without a fault, from the contract's own hints: what everything else is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from bench.quality.row import Row, instant
from databus.contract.catalogue import Contract
from databus.contract.entries import Entry
from databus.contract.predicates import predicate
from databus.model.labels import Publication
from databus.testing.province.kinds import Kind, kinds, op_of
from databus.testing.province.making import Making
from databus.testing.province.subjects import PERSON, Subject, subjects
from databus.testing.province.values import payload

OLDEST, NEWEST = 4 * 365, 120
"""Days from the decision to the last day of all."""
_TRIES = 60
_SEQS = 16
_WAITING = 200


@dataclass
class Maker:
    """Makes rows up to a day. Subjects come out of a crowd of fresh ones, each known to nobody before."""

    contract: Contract
    random: Random
    until: date
    crowd: int
    people: Iterator[Subject] = field(init=False)
    passed: list[Subject] = field(default_factory=list)
    """Those that were drawn and not wanted yet."""
    serial: int = 0

    def __post_init__(self) -> None:
        self.kinds = kinds(self.contract)
        self.people = self._people()
        checks = self.contract.attributes["checks"]
        ended, unfounded = checks["DQ-CONS-03"]["ended"], checks["DQ-CONS-05"]
        self.shunned = {
            ended["record_type"]: predicate(ended["when"], "bench"),
            unfounded["record_type"]: predicate(unfounded["when"], "bench"),
        }

    def _people(self) -> Iterator[Subject]:
        made = subjects(self.crowd, random=Random(self.random.random()), contract=self.contract, as_of=self.until)
        yield from made

    def subject(self, *, person: bool | None = False, enterprise: bool = False) -> Subject:
        """The next subject: no person unless asked for, one if `person`, anybody if it is None."""
        for at, one in enumerate(self.passed):
            if _fits(one, person, enterprise):
                return self.passed.pop(at)
        for one in self.people:
            if _fits(one, person, enterprise):
                return one
            if len(self.passed) < _WAITING:
                self.passed.append(one)
        raise LookupError("the bench has no subjects left")

    def decided(self) -> date:
        return self.until - timedelta(days=self.random.randint(NEWEST, OLDEST))

    def row(self, kind: Kind, *, subject: Subject, entry: Entry | None = None, decided: date | None = None) -> Row | None:
        """A row of a kind about a subject, within the time its entry allows; None where the kind has no place for it."""
        own = kind.entry(subject, self.random)
        if own is None:
            return None
        # Whose word proves an older code, the unified one tells: nobody else is drawn to speak of it.
        chosen = own if entry is None or kind.record_type.maps is not None else entry
        for _ in range(_TRIES):
            row = self.made(kind, subject, chosen, decided or self.decided())
            shunned = self.shunned.get(row.record_type.name)
            if not any(prohibited(row.content) for _, prohibited in kind.prohibited) and not (shunned and shunned(row.content)):
                return row
        return None

    def made(self, kind: Kind, subject: Subject, entry: Entry, decided: date) -> Row:
        """A row as the hints make it, whatever it says."""
        self.serial += 1
        making = Making(
            record_type=kind.record_type,
            subject=subject,
            department=self.contract.departments[entry.department],
            decided=decided,
            until=self.until,
            serial=self.serial,
            random=self.random,
            contract=self.contract,
            made={},
        )
        made = {name: value for name, value in payload(kind.recipes, making).items() if name not in kind.sequel}
        items = entry.raw.get("items")
        told, _ = self.contract.calendar.working_days_after(decided, self.random.randint(1, min(entry.late_after or 5, 5)))
        return Row(
            department=entry.department,
            record_type=kind.record_type,
            entry=entry,
            subject=dict(subject.reference),
            envelope=_envelope(subject, decided, entry, op_of(kind.record_type)),
            payload={name: value for name, value in made.items() if not items or name in items},
            told=instant(told, self.random.randint(8, 17)),
            seq=self.serial * _SEQS,
        )

    def registered(self, subject: Subject) -> list[Row]:
        """The rows that tell who a subject is: one of each kind that a subject has once, before all else."""
        made = (
            self.row(kind, subject=subject, decided=self.until - timedelta(days=OLDEST + self.random.randint(20, 60)))
            for kind in self.kinds
            if kind.once
        )
        return [row for row in made if row is not None]

    def facts(self, known: list[Subject]) -> Iterator[Row]:
        """Rows of every kind that repeats, about these subjects, for ever."""
        repeated, mapped = [kind for kind in self.kinds if not kind.once], set[str]()
        tellers: dict[tuple[object, ...], str] = {}
        while True:
            kind, subject = self.random.choice(repeated), self.random.choice(known)
            row = self.row(kind, subject=subject)
            if row is None or (kind.record_type.maps is not None and subject.uscc in mapped):
                continue
            # Of one subject's codes once: the same map again is a duplicate.
            mapped |= {subject.uscc} if kind.record_type.maps is not None else set()
            # One record has one source: another's word on it would be found.
            record = (kind.record_type.name, subject, *(row.payload.get(name) for name in sorted(kind.record_type.key_fields)))
            if tellers.setdefault(record, row.department) == row.department:
                yield row


def _fits(subject: Subject, person: bool | None, enterprise: bool) -> bool:
    return (person is None or (subject.kind == PERSON) == person) and (not enterprise or subject.uscc.startswith("91"))


def _envelope(subject: Subject, decided: date, entry: Entry, op: str) -> dict[str, Any]:
    envelope: dict[str, Any] = {"op": op, "decided_at": decided}
    if subject.kind == PERSON:
        narrow = Publication.GOV_SHARED if entry.publication is Publication.PUBLIC else entry.publication
        envelope |= {"publication_class": narrow.value, "privacy": "PERSONAL"}
    return envelope


def stricter_here(contract: Contract) -> Contract:
    """The contract with what the shipped one may lack, so that every rule can be broken: an entry that lists its items, one
    whose class is narrower than PUBLIC, and one that holds back smaller sums than its type."""
    listing, narrow = _listed(contract), _narrowed(contract)
    changed: Mapping[str, Entry] = {entry.code: entry for entry in (listing, narrow) if entry is not None}
    types = {
        name: replace(kind, entries=tuple(changed.get(entry.code, entry) for entry in kind.entries))
        for name, kind in contract.types.items()
    }
    return replace(contract, types=types, entries={**contract.entries, **changed})


def _listed(contract: Contract) -> Entry | None:
    for kind in contract.types.values():
        spare = [name for name in kind.fields if name not in kind.hints or kind.hints[name].get("share", 1) < 1]
        asked = {check.field for check in kind.checks} | {part for entry in kind.entries for part in entry.required}
        free = [name for name in spare if name not in asked and kind.fields[name].kind == "string"]
        if free and len(kind.entries) > 1:
            entry = kind.entries[0]
            return replace(entry, raw={**entry.raw, "items": [name for name in kind.fields if name != free[0]]})
    return None


def _narrowed(contract: Contract) -> Entry | None:
    if any(entry.publication is not Publication.PUBLIC for kind in contract.types.values() if kind.maps is None for entry in kind.entries):
        return None
    entry = next(kind.entries[-1] for kind in contract.types.values() if len(kind.entries) > 1)
    return replace(entry, publication=Publication.AUTHORISED)
