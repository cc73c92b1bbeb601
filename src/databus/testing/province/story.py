"""What is sent about one fact: itself, perhaps spoilt, and what happens to it later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from databus.contract.catalogue import Contract
from databus.contract.entries import Entry
from databus.model.labels import Publication, stricter
from databus.quality.identity import SOURCE
from databus.testing.province.defects import spoil
from databus.testing.province.kinds import Kind
from databus.testing.province.making import Making
from databus.testing.province.planned import Planned, Shares
from databus.testing.province.subjects import PERSON, Subject
from databus.testing.province.values import payload, revisable, revise

SHANGHAI = ZoneInfo("Asia/Shanghai")
OLDEST, NEWEST = 5 * 365, 20
"""Days from the decision to the day of the sample."""

CORRECTED, REVOKED, REPAIRED = 20, 15, 95
"""Days from the decision to what happens later; a repair waits for the shortest publicity (domain 2.16, three months)."""

TURNS = ("overtaken", "duplicate", "equivocal", "corrected", "revoked", "repaired")
"""What may happen to a fact later, at most one of these."""

_REVISING = frozenset({"overtaken", "equivocal", "corrected"})
_LATE, _IN_TIME, _SETTLED = (25, 40), 5, 130
_SEQS = 8
_MONTH = 30
_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Telling:
    """What all stories share: the contract, the one source of chance, the day of the sample."""

    contract: Contract
    random: Random
    as_of: date
    shares: Shares
    below: tuple[float, ...]
    """Where the shares of `TURNS` end, one after the other."""

    first_seq: int
    """What all `source_seq` of this province are above."""

    known: set[tuple[str, ...]] = field(default_factory=set)
    """The records told of so far."""


@dataclass(frozen=True, slots=True)
class _Fact:
    record: int
    seq: int
    subject: Subject
    kind: Kind
    entry: Entry
    decided: date
    content: dict[str, Any]
    sequel: tuple[date, dict[str, Any]] | None
    narrowed: bool
    late: bool


def telling_of(contract: Contract, random: Random, as_of: date, shares: Shares, *, first_seq: int) -> Telling:
    """The telling of a province."""
    return Telling(contract, random, as_of, shares, tuple(accumulate(getattr(shares, turn) for turn in TURNS)), first_seq)


def story(record: int, subject: Subject, kind: Kind, telling: Telling) -> Iterator[Planned]:
    """The submissions about one fact, in the order of sending."""
    random, entry = telling.random, kind.entry(subject, telling.random)
    fact = None if entry is None else _fact(record, subject, kind, entry, telling)
    if fact is None or not _new(fact, telling):
        return
    sent = _sent(fact, telling, op="UPSERT", payload=fact.content)
    whole = {"payload": fact.content, "envelope": {**sent.cut["envelope"], "subject": subject.reference}}
    refused = next((field for field, prohibited in kind.prohibited if prohibited(whole)), None)
    if refused is not None:
        yield replace(sent, outcome="REJECTED", rule="DQ-SCOPE-01", field=refused, effect="")
    elif random.random() < telling.shares.wrong:
        yield spoil(sent, kind.record_type, fact.entry, random, telling.contract.codes)
    else:
        yield from _later(sent, fact, telling)


def _new(fact: _Fact, telling: Telling) -> bool:
    """True if nothing has been told of such a record yet: a type's key may be no more than a subject and a year.

    Nor by another department, unless the key tells sources apart: what two say of one record depends on who comes first.
    """
    record_type = fact.kind.record_type
    named = (str(fact.content.get(name)) for name in sorted(record_type.key_fields))
    teller = fact.entry.department if SOURCE in record_type.key else ""
    key = (record_type.name, fact.subject.uscc or fact.subject.id_number, teller, *named)
    known = key in telling.known
    telling.known.add(key)
    return not known


def _fact(record: int, subject: Subject, kind: Kind, entry: Entry, telling: Telling) -> _Fact:
    random, shares = telling.random, telling.shares
    age = random.randint(NEWEST, OLDEST)
    if kind.once:
        # Told before all else.
        age = OLDEST + age % _MONTH
    decided = telling.as_of - timedelta(days=age)
    making = Making(
        record_type=kind.record_type,
        subject=subject,
        department=telling.contract.departments[entry.department],
        decided=decided,
        until=telling.as_of - timedelta(days=NEWEST),
        serial=record,
        random=random,
        contract=telling.contract,
        made={},
    )
    whole = payload(kind.recipes, making)
    known = max((whole[name] for name in kind.sequel_days if name in whole), default=decided)
    content = whole if known <= decided else {name: value for name, value in whole.items() if name not in kind.sequel}
    may_narrow = not kind.once and subject.kind != PERSON
    return _Fact(
        record=record,
        seq=telling.first_seq + record * _SEQS,
        subject=subject,
        kind=kind,
        entry=entry,
        decided=decided,
        content=content,
        sequel=None if content is whole else (known, whole),
        narrowed=random.random() < shares.narrowed and may_narrow,
        late=random.random() < shares.late and age > _SETTLED,
    )


def _later(sent: Planned, fact: _Fact, telling: Telling) -> Iterator[Planned]:
    """The fact itself and what is said of it later, each told after what was told before."""
    if fact.sequel is not None:
        known, whole = fact.sequel
        yield sent
        yield _behind(sent, _sent(fact, telling, op="UPSERT", payload=whole, step=1, days=(known - fact.decided).days))
        return
    match _turn(fact, telling):
        case "overtaken":
            newest = _behind(sent, _corrected(fact, telling, step=2))
            yield from (sent, newest, replace(_behind(newest, _corrected(fact, telling)), effect="HISTORY"))
        case "duplicate":
            yield from (sent, replace(sent, effect="DUPLICATE"))
        case "equivocal":
            revised = revise(fact.kind.record_type, fact.content, telling.random)
            yield from (sent, replace(sent, cut={**sent.cut, "payload": revised}, effect="EQUIVOCAL"))
        case "corrected":
            yield from (sent, _behind(sent, _corrected(fact, telling)))
        case "revoked":
            yield from (sent, _behind(sent, _sent(fact, telling, op="REVOKE", payload=_key_of(fact), step=2, days=REVOKED)))
        case "repaired":
            yield from (sent, _behind(sent, _sent(fact, telling, op="REPAIR", payload=_key_of(fact), step=3, days=REPAIRED)))
        case _:
            yield sent


def _turn(fact: _Fact, telling: Telling) -> str:
    """What happens to a fact later, by the shares; nothing where that cannot happen to it, or not before the sample's day."""
    drawn = telling.random.random()
    turn = next((name for name, below in zip(TURNS, telling.below, strict=True) if drawn < below), "")
    at_once = turn in ("", "duplicate", "equivocal")
    settled = (telling.as_of - fact.decided).days > _SETTLED
    possible = {"revoked": not fact.kind.once, "repaired": fact.kind.repairable}.get(turn, True)
    fixed = turn in _REVISING and not revisable(fact.kind.record_type, fact.content)
    return turn if not fixed and (at_once or (settled and possible)) else ""


def _corrected(fact: _Fact, telling: Telling, *, step: int = 1) -> Planned:
    revised = revise(fact.kind.record_type, fact.content, telling.random)
    return _sent(fact, telling, op="CORRECT", payload=revised, step=step, days=CORRECTED)


def _behind(earlier: Planned, later: Planned) -> Planned:
    return replace(later, told=max(later.told, earlier.told + _HOUR))


def _key_of(fact: _Fact) -> dict[str, Any]:
    """What an end must say: the fields that make the key, and the organ that decided."""
    record_type = fact.kind.record_type
    named = {*record_type.key_fields, record_type.deciding}
    return {name: value for name, value in fact.content.items() if name in named}


def _sent(fact: _Fact, telling: Telling, *, op: str, payload: dict[str, Any], step: int = 0, days: int = 0) -> Planned:
    random = telling.random
    low, high = _LATE if fact.late and step == 0 else (1, min(_IN_TIME, fact.entry.late_after or _IN_TIME))
    day, _ = telling.contract.calendar.working_days_after(fact.decided + timedelta(days=days), random.randint(low, high))
    told = datetime.combine(day, time(9 + random.randrange(8), random.randrange(60)), SHANGHAI)
    return Planned(
        submission_id="",
        department=fact.entry.department,
        record_type=fact.kind.record_type.name,
        catalog_code=fact.entry.code,
        cut={"subject": fact.subject.reference, "envelope": _envelope(fact, op, fact.seq + step), "payload": payload},
        seq=fact.seq + step,
        told=int(told.timestamp() * 1000),
        record=fact.record,
    )


def _envelope(fact: _Fact, op: str, seq: int) -> dict[str, Any]:
    envelope: dict[str, Any] = {"op": op, "decided_at": fact.decided, "source_seq": seq}
    publication = fact.entry.publication
    if fact.subject.kind == PERSON:
        open_to_all = fact.kind.open_persons or publication is not Publication.PUBLIC
        envelope |= {"publication_class": (publication if open_to_all else Publication.GOV_SHARED).value, "privacy": "PERSONAL"}
    elif fact.narrowed:
        envelope["publication_class"] = stricter(publication, Publication.AUTHORISED).value
    if op != "UPSERT":
        envelope["reason"] = "样例"
    return envelope
