"""What the departments of the province send, and what should become of each submission: the oracle of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import accumulate, count, islice
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Entry
from databus.model.keys import derived_id
from databus.testing.province.defects import spoil
from databus.testing.province.subjects import Subject, subjects
from databus.testing.province.values import Making, payload, revise

SHANGHAI = ZoneInfo("Asia/Shanghai")
YEARS = 5


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of all facts after the registrations: what goes wrong, and what happens to a fact later."""

    wrong: float = 0.04
    duplicate: float = 0.03
    corrected: float = 0.05
    revoked: float = 0.02
    repaired: float = 0.03
    overtaken: float = 0.01
    equivocal: float = 0.002
    late: float = 0.05
    narrowed: float = 0.03


@dataclass(frozen=True, slots=True)
class Planned:
    """One submission and what should become of it.

    `outcome` is ACCEPTED, REJECTED or HELD with the `rule` that says so; `effect` of an accepted one is CHANGING, DUPLICATE,
    HISTORY or EQUIVOCAL; `record` numbers the record, `told` is when the department says it sent it (milliseconds).
    """

    submission_id: str
    department: str
    record_type: str
    catalog_code: str
    cut: dict[str, dict[str, Any]]
    seq: int
    told: int
    record: int
    outcome: str = "ACCEPTED"
    rule: str = ""
    field: str = ""
    effect: str = "CHANGING"


@dataclass(frozen=True, slots=True)
class _Fact:
    record: int
    subject: Subject
    record_type: RecordType
    entry: Entry
    decided: date
    content: dict[str, Any]
    seq: int
    late: bool


def plan(
    contract: Contract, *, subject_count: int, submissions: int, seed: int, as_of: date, shares: Shares | None = None
) -> Iterator[Planned]:
    """Submissions in the order in which they are sent; the same arguments give the same ones.

    Every subject that is no person is registered first; then facts about subjects drawn by weight, until there are enough.
    """
    random = Random(seed)
    people = subjects(subject_count, random=random, contract=contract, as_of=as_of)
    stream = _all(contract, people, random, as_of, shares or Shares())
    for number, planned in enumerate(islice(stream, submissions)):
        yield replace(planned, submission_id=derived_id("sample", seed, number))


def _all(contract: Contract, people: tuple[Subject, ...], random: Random, as_of: date, shares: Shares) -> Iterator[Planned]:
    numbers = count(1)
    for subject in (one for one in people if one.kind != "PERSON"):
        for record_type in (one for one in contract.types.values() if _once(one)):
            yield from _story(_fact(next(numbers), subject, record_type, contract, random, as_of, shares), contract, random, shares)
    repeated = [record_type for record_type in contract.types.values() if not _once(record_type)]
    often = [record_type.sample_weight for record_type in repeated]
    weights = list(accumulate(one.weight for one in people))
    while True:
        subject = random.choices(people, cum_weights=weights)[0]
        record_type = random.choices(repeated, often)[0]
        if subject.kind != "PERSON" or len(record_type.owners) > 1:
            yield from _story(_fact(next(numbers), subject, record_type, contract, random, as_of, shares), contract, random, shares)


def _once(record_type: RecordType) -> bool:
    """A subject has one record of the type: nothing but the subject and the source is in its key."""
    return all(part.startswith("@") for part in record_type.key)


def _fact(record: int, subject: Subject, record_type: RecordType, contract: Contract, random: Random, as_of: date, shares: Shares) -> _Fact:
    entry = random.choice([next(e for e in record_type.entries if e.department == owner.department) for owner in record_type.owners])
    decided = as_of - timedelta(days=random.randint(100, YEARS * 365))
    making = Making(record_type, subject, contract.departments[entry.department], decided, decided, record, random, contract, {})
    return _Fact(record, subject, record_type, entry, decided, payload(making), record * 8, random.random() < shares.late)


def _story(fact: _Fact, contract: Contract, random: Random, shares: Shares) -> Iterator[Planned]:
    """What is sent about one fact: itself, perhaps spoilt, and what happens to it later."""
    sent = _sent(
        fact, contract, random, op="UPSERT", payload=fact.content, seq=fact.seq, days=0, narrowed=random.random() < shares.narrowed
    )
    if random.random() < shares.wrong:
        yield spoil(sent, fact.record_type, fact.entry, random)
        return
    later = partial(_sent, fact, contract, random)
    revised = partial(revise, fact.record_type, fact.content, random)
    drawn = random.random()
    steps = iter((shares.overtaken, shares.duplicate, shares.equivocal, shares.corrected, shares.revoked, shares.repaired))
    below = list(accumulate(steps))
    if drawn < below[0]:
        yield later(op="CORRECT", payload=revised(), seq=fact.seq + 1, days=20)
        yield replace(sent, effect="HISTORY")
        return
    yield sent
    if drawn < below[1]:
        yield replace(sent, effect="DUPLICATE")
    elif drawn < below[2]:
        yield replace(sent, cut={**sent.cut, "payload": revised()}, effect="EQUIVOCAL")
    elif drawn < below[3]:
        yield later(op="CORRECT", payload=revised(), seq=fact.seq + 1, days=20)
    elif drawn < below[4]:
        yield later(op="REVOKE", payload=_key_of(fact), seq=fact.seq + 2, days=15)
    elif drawn < below[5]:
        yield later(op="REPAIR", payload=_key_of(fact), seq=fact.seq + 3, days=25)


def _key_of(fact: _Fact) -> dict[str, Any]:
    """What an end must say: the fields that make the key, and the organ that decided."""
    named = {part for part in fact.record_type.key if not part.startswith("@")} | {fact.record_type.deciding or ""}
    return {name: value for name, value in fact.content.items() if name in named}


def _sent(
    fact: _Fact,
    contract: Contract,
    random: Random,
    *,
    op: str,
    payload: dict[str, Any],
    seq: int,
    days: int,
    narrowed: bool = False,
) -> Planned:
    envelope: dict[str, Any] = {"op": op, "decided_at": fact.decided, "source_seq": seq}
    envelope |= {"publication_class": "GOV_SHARED", "privacy": "PERSONAL"} if fact.subject.kind == "PERSON" else {}
    envelope |= {"publication_class": "AUTHORISED"} if narrowed and fact.subject.kind != "PERSON" else {}
    envelope |= {} if op == "UPSERT" else {"reason": "样例"}
    working = random.randint(25, 40) if fact.late and op == "UPSERT" else random.randint(1, 5)
    day, _ = contract.calendar.working_days_after(fact.decided + timedelta(days=days), working)
    told = datetime.combine(day, time(9 + random.randrange(8), random.randrange(60)), SHANGHAI)
    return Planned(
        submission_id="",
        department=fact.entry.department,
        record_type=fact.record_type.name,
        catalog_code=fact.entry.code,
        cut={"subject": fact.subject.reference, "envelope": envelope, "payload": payload},
        seq=seq,
        told=int(told.timestamp() * 1000),
        record=fact.record,
    )
