"""The stages by name, each called as `bootstrap` wires it, without an engine. `test_one_event.py` tells the story."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import yaml

from databus.contract import catalogue, wire
from databus.contract.values import jsonable
from databus.department import mapping, reading
from databus.department.submission import Submission, compose
from databus.model.change import Change
from databus.model.chunk import Output, Record
from databus.model.disclosure import Disclosed
from databus.model.event import Event
from databus.model.finding import Finding
from databus.model.labels import LabelClass
from databus.policy.plans import Plans
from databus.profile import profiler
from databus.quality import checker
from databus.settings import CHECKOUT
from databus.testing.decider import recorded
from databus.testing.line import MemoryBus
from disclosure.matrix import ANSWERS, cases

CONTRACT = catalogue.load(CHECKOUT / "schemas")
CODEC = CONTRACT.codec()
NOON = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
ASKERS = {case.name.removeprefix("1 organisation, published: "): case.question for case in cases()}


def bus_in_memory() -> MemoryBus:
    return MemoryBus(CONTRACT.departments, now=NOON)


def hand_over(row: dict[str, str], own_columns: str, *, number: int = 1) -> Submission:
    """Stage 1: a row of a department's own file as a submission."""
    known = mapping.parse(yaml.safe_load(own_columns), CONTRACT)
    cut, defects = reading.apply(known, row, CONTRACT)
    assert not defects
    return compose(
        cut,
        codec=CODEC,
        record_type=known.record_type,
        entry=known.entry,
        system=known.system,
        submission_id=f"0191e0a0-0000-7000-8000-{number:012d}",
        seq=number,
        now=int(NOON.timestamp() * 1000),
        secret=b"the department's own, for persons",
        row=number,
    )


def keep(bus: MemoryBus, submission: Submission) -> Record:
    """Stage 2: into the inbox."""
    return bus.append(Output("in.ecology", submission.key, submission.value, submission.headers))


def check(bus: MemoryBus) -> tuple[list[Event], list[Finding]]:
    """Stage 3: what of the inbox is believed, and what is wrong with the rest."""
    keys = {"platform_key": b"p" * 32, "quarantine_key": b"q" * 32}
    bus.work(checker.processor(CONTRACT, CODEC, **keys, told_time=False), "in.ecology")
    events = [wire.decode_event(CODEC, record.value or b"") for record in bus.read("events")]
    return events, wire.issued(CODEC, (record.value for record in bus.read("findings")))


def fold(bus: MemoryBus) -> list[Change]:
    """Stage 4: the steps of the profiles."""
    bus.work(profiler.processor(CONTRACT, CODEC), "events")
    return [wire.decode_change(CODEC, record.value or b"") for record in bus.read("changes")]


async def disclose(change: Change, asker: str) -> Disclosed:
    """Stages 5 and 6: what a caller gets of the record behind a step. Askers are those of `tests/disclosure/cases.yaml`:
    the public (PUB), an agency with and without consent (CA+, CA-), a department with and without a grant (DEP+, DEP-)."""
    known, who = change.label_class, ASKERS[asker]

    async def occurring() -> tuple[LabelClass, ...]:
        return (known,)

    policy = Plans(recorded(ANSWERS), classes=occurring, contract=CONTRACT, clock=lambda: NOON, seconds=60)
    plan = await policy.plan(who.caller, purpose=who.purpose, relation=who.relation, permit=who.permit)
    return policy.redact(plan, known.class_id, jsonable(CODEC.decode(change.body or b"")[1]["payload"]))
