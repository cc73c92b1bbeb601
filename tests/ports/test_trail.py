"""What every trail keeps to: the one in memory and the real one on Kafka."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from databus.audit.trail import Trail as KafkaTrail
from databus.bus import admin
from databus.bus.address import BusAddress
from databus.bus.follow import follow
from databus.bus.journal import Journal
from databus.bus.offsets import ends
from databus.contract import catalogue, wire
from databus.errors import AuditUnavailable
from databus.model.disclosure import DecisionRecord
from databus.ports import Trail
from databus.settings import CHECKOUT
from databus.testing.trail import MemoryTrail
from engines import Engines

DECISION = DecisionRecord(
    decision_id="d1",
    at=1_780_286_400_000,
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
    reasons=("MASKED_PERSONAL", "OK_CONSENT"),
    records=("k1", "k2"),
    disclosed={"A": ("f", "g")},
    withheld={"A": {"h": "DENY_CONSENT_SCOPE"}},
    plan_id="p1",
    revision="r1",
)
OTHER = replace(DECISION, decision_id="d2", caller="anonymous", purpose="", permit_id="", records=(), disclosed={}, withheld={}, count=3)


@dataclass
class Kept:
    """A trail, what an auditor finds of it, and how its ground is taken away."""

    trail: Trail
    read: Callable[[], Awaitable[list[DecisionRecord]]]
    lose: Callable[[], Awaitable[None]]


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.live)])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    if request.param == "memory":
        yield _in_memory()
        return
    address = _provisioned(request.getfixturevalue("engines"))
    async with Journal(address("gateway")) as journal:
        yield _on_kafka(journal, address("operator"))


def _in_memory() -> Kept:
    trail = MemoryTrail()

    async def read() -> list[DecisionRecord]:
        return list(trail.records)

    async def lose() -> None:
        trail.away = True

    return Kept(trail, read, lose)


def _on_kafka(journal: Journal, auditor: BusAddress) -> Kept:
    codec = catalogue.load(CHECKOUT / "schemas").codec()

    async def read() -> list[DecisionRecord]:
        left = sum((await ends(auditor, ("decisions",))).values())
        found: list[DecisionRecord] = []
        if left:
            async for chunk in follow(auditor, topics=("decisions",), positions={}):
                found += [wire.decode_decision(codec, record.value or b"") for record in chunk]
                if len(found) >= left:
                    break
        return found

    return Kept(KafkaTrail(journal, codec), read, journal.stop)


def _provisioned(engines: Engines) -> Callable[[str], BusAddress]:
    kafka, passwords = engines.settings.kafka, {user: engines.keys.kafka_password(user) for user in engines.keys.kafka_users()}
    root = BusAddress(kafka.bootstrap, kafka.username, kafka.password.get_secret_value(), prefix=f"t{uuid.uuid4().hex[:8]}.")
    admin.provision(root, departments=(), passwords=passwords)
    return lambda user: replace(root, username=user, password=passwords[user])


async def test_what_it_took_is_there_word_for_word(kept: Kept) -> None:
    await kept.trail.record([DECISION, OTHER])
    assert sorted(await kept.read(), key=lambda found: found.decision_id) == [DECISION, OTHER]


async def test_a_callers_answers_stay_in_order(kept: Kept) -> None:
    told = [replace(DECISION, decision_id=f"d{number}") for number in range(5)]
    for decision in told:
        await kept.trail.record([decision])
    assert await kept.read() == told


async def test_nothing_to_record_is_nothing_recorded(kept: Kept) -> None:
    await kept.trail.record([])
    assert await kept.read() == []


async def test_what_is_not_durable_is_refused(kept: Kept) -> None:
    await kept.trail.record([DECISION])
    assert await kept.read() == [DECISION]
    await kept.lose()
    with pytest.raises(AuditUnavailable):
        await kept.trail.record([OTHER])
