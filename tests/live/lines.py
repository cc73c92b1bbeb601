"""A line in memory that has run without a fault, as the oracle of the chaos bench would find it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bench.chaos.evidence import Evidence, Row
from databus.contract import wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.contract.values import jsonable
from databus.department.submission import compose
from databus.model.chunk import Outcome, Output, Processor, Record, State
from databus.profile import profiler
from databus.quality import checker
from databus.store.reconciliation import Count
from databus.testing.line import MemoryBus
from databus.testing.province.load import SYSTEM
from databus.testing.province.plan import Planned, Shares, plan

AS_OF = date(2026, 6, 1)
NOON = datetime(2026, 6, 2, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
OFTEN = Shares(overtaken=0.05, equivocal=0.05, duplicate=0.05, revoked=0.05, converted=0.3)


def planned(contract: Contract, count: int) -> list[Planned]:
    """A small province in which everything happens."""
    return list(plan(contract, subject_count=count // 10, submissions=count, seed=1, as_of=AS_OF, shares=OFTEN))


def checking(contract: Contract, codec: Codec) -> Processor:
    """The checker of that line."""
    return checker.processor(contract, codec, platform_key=b"p" * 32, quarantine_key=b"q" * 32, told_time=True)


def run(told: Sequence[Planned], contract: Contract, codec: Codec) -> Evidence:
    """All of it through the line, and what that leaves behind."""
    bus = MemoryBus(contract.departments, now=NOON)
    for one in told:
        _send(bus, one, contract, codec)
    check = checking(contract, codec)
    for slug in contract.departments:
        bus.work(check, f"in.{slug}")
    fold, left = _keeping(bus, profiler.processor(contract, codec)), -1
    # What is told on along a link comes in behind.
    while left != (left := len(bus.read("events"))):
        bus.work(fold, "events")
    inboxes = [record for slug in contract.departments for record in bus.read(f"in.{slug}")]
    changes, findings = bus.read("changes"), wire.issued(codec, (record.value for record in bus.read("findings")))
    steps, versions = _rows(changes, codec)
    return Evidence(
        inboxes=inboxes,
        events=bus.read("events"),
        changes=changes,
        registers=bus.read("registers"),
        findings=bus.read("findings"),
        steps=steps,
        versions=versions,
        stored_findings=[{"finding_id": name} for name in {one.finding_id for one in findings}],
        count=_count(told),
    )


def _send(bus: MemoryBus, one: Planned, contract: Contract, codec: Codec) -> None:
    submission = compose(
        one.cut,
        codec=codec,
        record_type=contract.types[one.record_type],
        entry=contract.entries[one.catalog_code],
        system=SYSTEM,
        submission_id=one.submission_id,
        seq=one.seq,
        now=one.told,
        secret=b"s" * 32,
        told=one.told,
    )
    bus.append(Output(f"in.{one.department}", submission.key, submission.value, submission.headers))


def _keeping(bus: MemoryBus, processor: Processor) -> Processor:
    """The same processor, whose registers go into their topic too."""

    def process(chunk: Sequence[Record], state: State) -> Outcome:
        outcome = processor(chunk, state)
        for key, value in outcome.registers.items():
            bus.append(Output("registers", key, value, partition=chunk[0].partition))
        return outcome

    return process


def _rows(records: Sequence[Record], codec: Codec) -> tuple[list[Row], list[Row]]:
    steps, known_steps = list[Row](), set[str]()
    versions: dict[tuple[str, str], list[dict[str, object]]] = defaultdict(list)
    for record in records:
        change = wire.decode_change(codec, record.value or b"")
        # A step told again says nothing new: copies may come along a link twice.
        if change.change_id in known_steps:
            continue
        known_steps.add(change.change_id)
        at = {"part": record.partition, "offset": record.offset, "standing": str(change.standing), "kind": str(change.kind)}
        steps.append({**at, **{name: getattr(change, name) for name in ("change_id", "pv", "event_id", "subject_key", "record_key")}})
        if not change.kind.of_record:
            continue
        known = versions[change.subject_key, change.record_key]
        if known:
            known[-1]["to_offset"] = record.offset
        payload = None if change.body is None else jsonable(codec.decode(change.body)[1]["payload"])
        known.append({**steps[-1], "from_offset": record.offset, "to_offset": None, "payload": payload})
    return steps, [row for rows in versions.values() for row in rows]


def _count(told: Sequence[Planned]) -> Count:
    found: Mapping[str, int] = Counter((one.effect or one.outcome).lower() for one in told)
    names = ("rejected", "held", "changing", "history", "duplicate", "equivocal")
    return Count(refused=0, other=0, **{name: found.get(name, 0) for name in names})
