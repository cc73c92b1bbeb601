"""No log, no data: a record is durable when the trail says so, and counts are neither lost nor doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from databus.audit.counter import Counter
from databus.audit.trail import TOPIC, Trail
from databus.contract.codec import Codec
from databus.contract.wire import decode_decision
from databus.errors import AuditUnavailable, BusUnavailable
from databus.model.disclosure import ANONYMOUS, Caller, DecisionRecord, Role
from databus.settings import CHECKOUT
from databus.testing.trail import MemoryTrail

AGENCY = Caller("agency-north", Role.AGENCY, "agency-north")
DECISION = DecisionRecord(
    decision_id="d1",
    at=1,
    request_id="r1",
    caller="agency-north",
    role="AGENCY",
    organisation="agency-north",
    purpose="P12",
    relation="permit",
    permit_id="c1",
    action="GET /v1/profiles/{code}",
    subject_key="s1",
    outcome="PARTIAL",
    reasons=("OK_CONSENT",),
    records=("k1",),
    disclosed={"T": ("f",)},
    withheld={"T": {"g": "DENY_CONSENT_SCOPE"}},
    plan_id="p1",
    revision="r1",
)


@dataclass
class Journal:
    """Takes records until it breaks at the nth."""

    breaks_at: int = 99
    taken: list[tuple[str, bytes | None, bytes | None]] = field(default_factory=list)

    async def append(self, topic: str, key: bytes | None, value: bytes | None) -> object:
        await asyncio.sleep(0)
        if len(self.taken) + 1 >= self.breaks_at:
            raise BusUnavailable("away")
        self.taken.append((topic, key, value))
        return None


@pytest.fixture(scope="module")
def codec() -> Codec:
    text = (CHECKOUT / "schemas" / "_envelope" / "decision.avsc").read_text("utf-8")
    return Codec({1: text}, None)


async def test_a_record_lies_in_decisions_under_its_caller(codec: Codec) -> None:
    journal = Journal()
    await Trail(journal, codec).record([DECISION])
    ((topic, key, value),) = journal.taken
    assert (topic, key) == (TOPIC, b"agency-north")
    assert value is not None and decode_decision(codec, value) == DECISION


async def test_one_that_fails_fails_them_all(codec: Codec) -> None:
    with pytest.raises(AuditUnavailable):
        await Trail(Journal(breaks_at=2), codec).record([DECISION, replace(DECISION, decision_id="d2")])


async def test_nothing_to_record_is_no_error(codec: Codec) -> None:
    await Trail(Journal(breaks_at=0), codec).record([])


def counter(trail: MemoryTrail, seconds: float = 60.0) -> Counter:
    return Counter(trail, clock=lambda: datetime(2026, 6, 1, tzinfo=UTC), seconds=seconds)


async def test_reads_are_counted_per_dataset_and_caller_and_flushed_on_stop() -> None:
    trail = MemoryTrail()
    async with counter(trail) as count:
        for _ in range(3):
            count("penalties", ANONYMOUS)
        count("penalties", AGENCY)
        count("licences", ANONYMOUS)
        assert trail.records == []
    assert {(one.action, one.caller, one.count) for one in trail.records} == {
        ("COUNT penalties", "anonymous", 3),
        ("COUNT penalties", "agency-north", 1),
        ("COUNT licences", "anonymous", 1),
    }
    assert {one.reasons for one in trail.records} == {("OK_PUBLIC",)}


async def test_counts_are_flushed_by_time_too() -> None:
    flushed = asyncio.Event()

    class Telling(MemoryTrail):
        async def record(self, decisions: Sequence[DecisionRecord]) -> None:
            await super().record(decisions)
            flushed.set()

    trail = Telling()
    async with counter(trail, 0.01) as count:
        count("penalties", ANONYMOUS)
        await asyncio.wait_for(flushed.wait(), 5)
        assert sum(one.count for one in trail.records) == 1


async def test_a_lost_trail_loses_no_count_and_doubles_none() -> None:
    trail = MemoryTrail(away=True)
    count = counter(trail)
    count("penalties", ANONYMOUS)
    with pytest.raises(AuditUnavailable):
        await count.flush()
    count("penalties", ANONYMOUS)
    with pytest.raises(AuditUnavailable):
        await count.flush()
    trail.away = False
    await count.flush()
    await count.flush()
    assert sum(one.count for one in trail.records) == 2
    assert len({one.decision_id for one in trail.records}) == len(trail.records)


async def test_a_trail_lost_for_good_does_not_keep_the_process_from_ending() -> None:
    trail = MemoryTrail(away=True)
    count = counter(trail)
    await count.start()
    count("penalties", ANONYMOUS)
    await count.stop()
    await count.stop()
