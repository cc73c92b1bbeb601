"""Subjects that departments knew by their registration number before they had a unified code, and the maps of their codes.

Some maps contradict the codes they name, some claim a number that another subject has, some are taken back: what a register of
old conversions holds. Chance comes from a source of its own, so that a province without them tells the same facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any

from databus.contract.codemaps import CodeMap, OldCode
from databus.contract.entries import Entry
from databus.testing.province.kinds import OLDER, Kind, op_of
from databus.testing.province.making import Making
from databus.testing.province.planned import Planned, Shares
from databus.testing.province.story import NEWEST, OLDEST, SHANGHAI, Telling
from databus.testing.province.subjects import PERSON, Subject
from databus.testing.province.values import payload

FIRST_RECORD = 1_500_000
"""Numbers of their records: above all others, so that those stay as they are."""

OLDER_WORD = 0.5
"""Share of what is said of a converted subject under its number."""

ROUND, TAKEN_BACK, CONTRADICTED, CLAIMED = 8, (0, 5), 1, 3
"""Of every eight maps two are taken back, one contradicts itself, and one claims the number of the map before."""

_BACK, _SEQS, _DAY = 40, 8, 86_400_000


@dataclass
class Conversions:
    """Who is converted, drawn once; `known_as` says of whom a fact is told, its number alone or its unified code."""

    random: Random
    shares: Shares
    converted: dict[str, Subject] = field(default_factory=dict)

    def draw(self, people: Sequence[Subject]) -> None:
        """Decide who is converted."""
        organisations = (one for one in people if one.kind != PERSON and self.random.random() < self.shares.converted)
        self.converted = {one.uscc: one for one in organisations}

    def known_as(self, subject: Subject) -> Subject:
        """The subject, as the department that speaks knows it."""
        if subject.uscc not in self.converted or self.random.random() >= OLDER_WORD:
            return subject
        return replace(subject, uscc="", org_code="", tax_no="", known_by=OLDER)

    def told(self, kind: Kind, telling: Telling) -> Iterator[Planned]:
        """The maps of all who are converted, each by the subject's registrar and behind what it takes up or takes back."""
        numbers, before = count(FIRST_RECORD), list[Subject]()
        for subject in self.converted.values():
            entry = kind.entry(subject, self.random)
            if entry is not None:
                yield from self._told(_Map(next(numbers), subject, kind, entry, telling), before)
                before.append(subject)

    def _told(self, said: _Map, before: Sequence[Subject]) -> Iterator[Planned]:
        subject, maps, turn = said.subject, said.kind.record_type.maps, (said.number - FIRST_RECORD) % ROUND
        if maps is None:
            return
        content, day = _content(said, self.random)
        proven, bare = _old(maps, content, subject, proof=True), _old(maps, content, subject, proof=False)
        if turn == CONTRADICTED and proven is not None and before:
            wrong = {**content, proven.field: getattr(before[-1], proven.field)}
            yield replace(_sent(said, wrong, day), outcome="HELD", rule="DQ-MAP-01", field=proven.field, effect="")
        elif turn == CLAIMED and bare is not None and before:
            others = {old.field for old in maps.old if old is not bare}
            alone = {name: value for name, value in content.items() if name not in others}
            yield _sent(said, {**alone, bare.field: getattr(before[-1], bare.field)}, day)
        else:
            sent = _sent(said, content, day)
            yield sent
            if turn in TAKEN_BACK:
                yield _taken_back(sent)


@dataclass(frozen=True, slots=True)
class _Map:
    """Whose codes are mapped, and the entry of who registered the subject."""

    number: int
    subject: Subject
    kind: Kind
    entry: Entry
    telling: Telling


def _old(maps: CodeMap, content: dict[str, Any], subject: Subject, *, proof: bool) -> OldCode | None:
    """An older code of the content: one that the unified code proves, or one that only a registrar knows."""
    found = (old for old in maps.old if content.get(old.field) and (old.proof is not None and old.proof.applies(subject.uscc)) == proof)
    return next((old for old in found if proof or old.proof is None), None)


def _content(said: _Map, random: Random) -> tuple[dict[str, Any], datetime]:
    telling = said.telling
    decided = telling.as_of - timedelta(days=random.randint(NEWEST + _BACK, OLDEST))
    making = Making(
        record_type=said.kind.record_type,
        subject=said.subject,
        department=telling.contract.departments[said.entry.department],
        decided=decided,
        until=telling.as_of - timedelta(days=NEWEST),
        serial=said.number,
        random=random,
        contract=telling.contract,
        made={},
    )
    return payload(said.kind.recipes, making), datetime.combine(decided + timedelta(days=1), time(9 + random.randrange(8)), SHANGHAI)


def _sent(said: _Map, content: dict[str, Any], day: datetime) -> Planned:
    seq = said.telling.first_seq + said.number * _SEQS
    envelope = {"op": op_of(said.kind.record_type), "decided_at": (day - timedelta(days=1)).date(), "source_seq": seq}
    return Planned(
        submission_id="",
        department=said.entry.department,
        record_type=said.kind.record_type.name,
        catalog_code=said.entry.code,
        cut={"subject": said.subject.reference, "envelope": envelope, "payload": content},
        seq=seq,
        told=int(day.timestamp() * 1000),
        record=said.number,
    )


def _taken_back(sent: Planned) -> Planned:
    envelope = {**sent.cut["envelope"], "source_seq": sent.seq + 1, "withdrawn": True}
    return replace(sent, cut={**sent.cut, "envelope": envelope}, seq=sent.seq + 1, told=sent.told + _BACK // 2 * _DAY)
