"""Whatever library a department sends with: one partition, one order, and nothing of what it took back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from random import Random

import pytest

from bench.chaos.evidence import read_all
from databus.bus import topics
from databus.bus.partition import partition
from databus.cli.session import Session, session
from databus.contract import wire
from databus.department.submission import Submission, compose
from databus.local.keys import department_secret
from databus.local.running import Running
from databus.model.change import Change
from databus.model.chunk import Record
from databus.testing.province.plan import Planned, Shares, plan
from databus.testing.province.values import revise
from live.publishers import ABORTING, SENDING

pytestmark = pytest.mark.live
SEED, AS_OF = 4711, date(2026, 6, 1)
ROUNDS, PATIENCE_SECONDS = 3, 180.0


@pytest.fixture
def here(stack: Running) -> Session:
    return session(stack.settings)


@pytest.fixture
def fact(here: Session) -> Planned:
    """One right fact about an organisation that nobody else's test tells of."""
    none = Shares(**dict.fromkeys(Shares.__slots__, 0.0))
    told = plan(here.contract, subject_count=3, submissions=40, seed=SEED, as_of=AS_OF, shares=none)
    return next(one for one in told if one.outcome == "ACCEPTED" and one.record > 3 and one.cut["subject"].get("uscc"))


def submissions(here: Session, fact: Planned, count: int) -> list[Submission]:
    """The same record again and again, each with other content and a higher seq than the one before."""
    choose, codec, record_type = Random(SEED), here.codec(fact.department), here.contract.types[fact.record_type]
    made, payload = [], dict(fact.cut["payload"])
    for number in range(count):
        payload = revise(record_type, payload, choose)
        cut = {**fact.cut, "envelope": {**fact.cut["envelope"], "source_seq": fact.seq + number}, "payload": payload}
        made.append(
            compose(
                cut,
                codec=codec,
                record_type=record_type,
                entry=here.contract.entries[fact.catalog_code],
                system="publishers",
                submission_id=f"0191e0a0-0000-7000-8000-{SEED:06d}{number:06d}",
                seq=fact.seq + number,
                now=fact.told,
                secret=department_secret(here.keys, fact.department),
            )
        )
    return made


async def test_one_subject_by_every_library(here: Session, fact: Planned) -> None:
    address, clients = here.address(fact.department), [*SENDING, *ABORTING]
    made = submissions(here, fact, ROUNDS * len(clients))
    kept, taken_back = [], []
    for number, submission in enumerate(made):
        send = clients[number % len(clients)]
        await send(address, fact.department, submission)
        (taken_back if send in ABORTING else kept).append(submission)

    changes = await _changes(here, kept)
    inbox = [record for record in await _records(here, topics.inbox(fact.department)) if _is_of(made, record.value)]
    assert [_id_of(record) for record in inbox] == [one.submission_id for one in kept]
    assert {record.partition for record in inbox} == {partition(kept[0].key, 3)}

    codec = here.codec("admin")
    heard = [record.value or b"" for record in await _records(here, topics.EVENTS) if _is_of(made, record.value)]
    events = [wire.decode_event(codec, value) for value in heard]
    assert [event.submission_id for event in events] == [one.submission_id for one in kept]
    assert [change.submission_id for change in changes] == [one.submission_id for one in kept]
    assert [change.body for change in changes] == [one.value for one in kept]
    assert [str(change.kind) for change in changes] == ["ADDED", *["CHANGED"] * (len(kept) - 1)]
    await _require_gone(here, taken_back)


async def _changes(here: Session, kept: Sequence[Submission]) -> list[Change]:
    codec, wanted = here.codec("admin"), {one.submission_id for one in kept}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = [record.value or b"" for record in await _records(here, topics.CHANGES) if _is_of(kept, record.value)]
            steps = [change for change in (wire.decode_change(codec, value) for value in found) if change.submission_id in wanted]
            if len(steps) >= len(kept):
                return steps
            await asyncio.sleep(0.5)


async def _require_gone(here: Session, taken_back: Sequence[Submission]) -> None:
    """Nothing behind the inboxes knows what was taken back, in whatever form."""
    for topic in (topics.EVENTS, topics.CHANGES, topics.REGISTERS, topics.FINDINGS):
        for record in await _records(here, topic):
            assert not _is_of(taken_back, record.value), topic


async def _records(here: Session, topic: str) -> list[Record]:
    return await read_all(here.address("admin"), [topic])


def _is_of(made: Sequence[Submission], value: bytes | None) -> bool:
    return value is not None and any(one.submission_id.encode() in value for one in made)


def _id_of(record: Record) -> str:
    return dict(record.headers)["databus-submission-id"].decode()
