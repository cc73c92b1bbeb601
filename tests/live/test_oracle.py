"""The oracle of the chaos bench says nothing of a line without a fault, and names every fault that is put into its traces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bench import chaos
from bench.chaos.again import Again, check_again
from bench.chaos.evidence import Evidence, Row
from bench.chaos.linked import maps_of
from bench.chaos.oracle import WHOLE, judge
from bench.chaos.verdict import DOUBLED, GAPS, LOST, STALE, Verdict
from databus.contract import catalogue, wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.errors import NotFound
from databus.model import keys
from databus.model.change import Kind
from databus.model.chunk import Record
from databus.model.finding import Finding
from databus.model.labels import Standing
from databus.settings import CHECKOUT
from databus.testing.province.plan import Planned
from live.lines import checking, planned, run

COUNT = 600
Fault = Callable[[Evidence, Codec], Evidence]


@pytest.fixture(scope="module")
def contract() -> Contract:
    return catalogue.load(CHECKOUT / "schemas")


@pytest.fixture(scope="module")
def codec(contract: Contract) -> Codec:
    return contract.codec()


@pytest.fixture(scope="module")
def told(contract: Contract) -> list[Planned]:
    return planned(contract, COUNT)


@pytest.fixture(scope="module")
def evidence(told: list[Planned], contract: Contract, codec: Codec) -> Evidence:
    return run(told, contract, codec)


def test_nothing_is_wrong_with_a_line_without_a_fault(told: list[Planned], evidence: Evidence, contract: Contract, codec: Codec) -> None:
    verdict = judge(told, evidence, codec, maps_of(contract))
    assert verdict.noted["told under other keys"] > 0
    check_again(evidence, checking(contract, codec), codec, verdict)
    Again().fold(evidence, contract, codec, verdict)
    assert verdict.clean, verdict.examples
    assert {one.effect for one in told} == {"CHANGING", "HISTORY", "DUPLICATE", "EQUIVOCAL", ""}


def submission_lost(evidence: Evidence, codec: Codec) -> Evidence:
    return replace(evidence, inboxes=evidence.inboxes[1:])


def event_lost(evidence: Evidence, codec: Codec) -> Evidence:
    at = next(at for at in reversed(range(len(evidence.events))) if _original(evidence.events[at], codec))
    return replace(evidence, events=[*evidence.events[:at], *evidence.events[at + 1 :]])


def event_lost_under_an_older_code(evidence: Evidence, codec: Codec) -> Evidence:
    at = next(at for at, one in enumerate(evidence.events) if _is_event(one, codec) and not _original(one, codec))
    return replace(evidence, events=[*evidence.events[:at], *evidence.events[at + 1 :]])


def copy_lost(evidence: Evidence, codec: Codec) -> Evidence:
    key = next(record.key for record in evidence.registers if len(keys.unpack(record.key or b"")) == 5)
    return replace(evidence, registers=[record for record in evidence.registers if record.key != key])


def row_left_under_an_older_code(evidence: Evidence, codec: Codec) -> Evidence:
    at = next(at for at, row in enumerate(evidence.versions) if row["to_offset"] is None and row["standing"] == "MOVED")
    row: Row = {**evidence.versions[at], "standing": "SHOWN"}
    return replace(evidence, versions=[*evidence.versions[:at], row, *evidence.versions[at + 1 :]])


def _is_step(record: Record, codec: Codec) -> bool:
    return codec.name(record.value or b"") == "databus.Change"


def _is_event(record: Record, codec: Codec) -> bool:
    return codec.name(record.value or b"") == "databus.Event"


def _original(record: Record, codec: Codec) -> bool:
    return _is_event(record, codec) and not wire.decode_event(codec, record.value or b"").original


def event_repeated_with_other_bytes(evidence: Evidence, codec: Codec) -> Evidence:
    first = next(one for one in evidence.events if _original(one, codec))
    event = wire.decode_event(codec, first.value or b"")
    again = replace(first, value=wire.encode_event(codec, replace(event, seq=event.seq + 1)))
    return replace(evidence, events=[*evidence.events, again])


def event_repeated_without_a_step(evidence: Evidence, codec: Codec) -> Evidence:
    return replace(evidence, events=[*evidence.events, next(one for one in evidence.events if _original(one, codec))])


def step_lost(evidence: Evidence, codec: Codec) -> Evidence:
    steps = [(at, wire.decode_change(codec, one.value or b"")) for at, one in enumerate(evidence.changes) if _is_step(one, codec)]
    last = max(at for at, step in steps if step.submission_id)
    return replace(evidence, changes=[*evidence.changes[:last], *evidence.changes[last + 1 :]])


def step_doubled(evidence: Evidence, codec: Codec) -> Evidence:
    return replace(evidence, changes=[*evidence.changes, evidence.changes[0]])


def number_skipped(evidence: Evidence, codec: Codec) -> Evidence:
    return _with_change(evidence, codec, lambda change: change.pv is not None, lambda change: replace(change, pv=change.pv + 7))


def step_from_an_older_state(evidence: Evidence, codec: Codec) -> Evidence:
    return _with_change(
        evidence, codec, lambda change: change.was is not None and change.kind is Kind.CHANGED, lambda change: replace(change, was=None)
    )


def register_lost(evidence: Evidence, codec: Codec) -> Evidence:
    key = next(record.key for record in evidence.registers if len(keys.unpack(record.key or b"")) == 4)
    return replace(evidence, registers=[record for record in evidence.registers if record.key != key])


def register_gone_back(evidence: Evidence, codec: Codec) -> Evidence:
    """The last value of a register is one of an older seq, as a zombie would write it."""
    record = next(record for record in reversed(evidence.registers) if len(keys.unpack(record.key or b"")) == 4)
    register = wire.decode_register(codec, record.value or b"")
    event = wire.decode_event(codec, register.event)
    older = replace(register, event=wire.encode_event(codec, replace(event, seq=event.seq - 1)))
    return replace(evidence, registers=[*evidence.registers, replace(record, value=wire.encode_register(codec, older))])


def head_gone_back(evidence: Evidence, codec: Codec) -> Evidence:
    record = next(record for record in evidence.registers if keys.unpack(record.key or b"")[-1] == "head")
    head = wire.decode_head(codec, record.value or b"")
    return replace(evidence, registers=[*evidence.registers, replace(record, value=wire.encode_head(codec, replace(head, pv=0)))])


def profile_judged_otherwise(evidence: Evidence, codec: Codec) -> Evidence:
    """The last value of a register has the right event and another standing, as one folded on another day would."""
    at, register = next(
        (at, register)
        for at in reversed(range(len(evidence.registers)))
        if len(keys.unpack(evidence.registers[at].key or b"")) == 4
        and (register := wire.decode_register(codec, evidence.registers[at].value or b"")).standing is Standing.SHOWN
    )
    other = wire.encode_register(codec, replace(register, standing=Standing.HIDDEN))
    return replace(evidence, registers=[*evidence.registers, replace(evidence.registers[at], value=other)])


def attribute_lost(evidence: Evidence, codec: Codec) -> Evidence:
    kept = [record for record in evidence.changes if wire.decode_change(codec, record.value or b"").kind is not Kind.ATTRIBUTED]
    return replace(evidence, changes=kept)


def finding_of_the_profiler_lost(evidence: Evidence, codec: Codec) -> Evidence:
    whole = {at for at, one in _findings(evidence, codec) if one.rule.startswith(WHOLE)}
    assert whole
    return replace(evidence, findings=[record for at, record in enumerate(evidence.findings) if at not in whole])


def finding_of_the_checker_lost(evidence: Evidence, codec: Codec) -> Evidence:
    own = [at for at, one in _findings(evidence, codec) if not one.rule.startswith(WHOLE)]
    return replace(evidence, findings=[record for at, record in enumerate(evidence.findings) if at != own[0]])


def finding_told_otherwise(evidence: Evidence, codec: Codec) -> Evidence:
    at, one = next(found for found in _findings(evidence, codec) if not found[1].rule.startswith(WHOLE))
    other = replace(evidence.findings[at], value=wire.encode_finding(codec, replace(one, observed="something else")))
    return replace(evidence, findings=[*evidence.findings, other])


def finding_lost(evidence: Evidence, codec: Codec) -> Evidence:
    return replace(evidence, findings=[])


def row_of_step_lost(evidence: Evidence, codec: Codec) -> Evidence:
    return replace(evidence, steps=evidence.steps[1:])


def version_lost(evidence: Evidence, codec: Codec) -> Evidence:
    return replace(evidence, versions=evidence.versions[1:])


def version_doubled(evidence: Evidence, codec: Codec) -> Evidence:
    return replace(evidence, versions=[*evidence.versions, evidence.versions[-1]])


def payload_of_another_time(evidence: Evidence, codec: Codec) -> Evidence:
    at = next(at for at, row in enumerate(evidence.versions) if row["to_offset"] is None and row["payload"])
    row: Row = {**evidence.versions[at], "payload": {}}
    return replace(evidence, versions=[*evidence.versions[:at], row, *evidence.versions[at + 1 :]])


def sum_too_small(evidence: Evidence, codec: Codec) -> Evidence:
    return replace(evidence, count=replace(evidence.count, changing=evidence.count.changing - 1))


def _findings(evidence: Evidence, codec: Codec) -> list[tuple[int, Finding]]:
    told = [wire.decode_told(codec, record.value or b"") for record in evidence.findings]
    return [(at, one) for at, one in enumerate(told) if isinstance(one, Finding)]


def _with_change(evidence: Evidence, codec: Codec, which: Callable, other: Callable) -> Evidence:  # type: ignore[type-arg]
    changes: list[Record] = list(evidence.changes)
    for at, record in enumerate(changes):
        change = wire.decode_change(codec, record.value or b"")
        if which(change):
            changes[at] = replace(record, value=wire.encode_change(codec, other(change)))
            return replace(evidence, changes=changes)
    raise AssertionError("no such step")


AGAIN: tuple[tuple[Fault, str], ...] = (
    (step_lost, LOST),
    (step_doubled, DOUBLED),
    (register_lost, LOST),
    (register_gone_back, STALE),
    (profile_judged_otherwise, STALE),
    (attribute_lost, LOST),
    (finding_of_the_profiler_lost, LOST),
)
CHECKED: tuple[tuple[Fault, str], ...] = (
    (finding_of_the_checker_lost, LOST),
    (finding_told_otherwise, DOUBLED),
)
FAULTS: tuple[tuple[Fault, str], ...] = (
    (submission_lost, LOST),
    (event_lost, LOST),
    (event_lost_under_an_older_code, STALE),
    (copy_lost, LOST),
    (row_left_under_an_older_code, STALE),
    (event_repeated_with_other_bytes, DOUBLED),
    (event_repeated_without_a_step, LOST),
    (step_lost, LOST),
    (step_doubled, DOUBLED),
    (number_skipped, GAPS),
    (step_from_an_older_state, STALE),
    (register_lost, LOST),
    (register_gone_back, STALE),
    (head_gone_back, GAPS),
    (finding_lost, LOST),
    (row_of_step_lost, LOST),
    (version_lost, LOST),
    (version_doubled, DOUBLED),
    (payload_of_another_time, STALE),
    (sum_too_small, LOST),
)


@pytest.mark.parametrize(("fault", "kind"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_a_fault_is_named(fault: Fault, kind: str, told: list[Planned], evidence: Evidence, contract: Contract, codec: Codec) -> None:
    verdict: Verdict = judge(told, fault(evidence, codec), codec, maps_of(contract))
    assert verdict.found[kind] > 0, verdict.examples


@pytest.mark.parametrize(("fault", "kind"), AGAIN, ids=[fault.__name__ for fault, _ in AGAIN])
def test_folding_again_names_it(fault: Fault, kind: str, evidence: Evidence, contract: Contract, codec: Codec) -> None:
    verdict = Verdict()
    Again().fold(fault(evidence, codec), contract, codec, verdict)
    assert verdict.found[kind] > 0, verdict.examples


@pytest.mark.parametrize(("fault", "kind"), CHECKED, ids=[fault.__name__ for fault, _ in CHECKED])
def test_checking_again_names_it(fault: Fault, kind: str, evidence: Evidence, contract: Contract, codec: Codec) -> None:
    verdict = Verdict()
    check_again(fault(evidence, codec), checking(contract, codec), codec, verdict)
    assert verdict.found[kind] > 0, verdict.examples


def test_what_the_daily_job_finds_is_not_taken_for_the_checkers(evidence: Evidence, contract: Contract, codec: Codec) -> None:
    told = finding_told_otherwise(evidence, codec)
    at, one = _findings(told, codec)[-1]
    verdict = Verdict()
    of_no_submission = replace(told.findings[at], value=wire.encode_finding(codec, replace(one, inbox_offset=-1)))
    check_again(replace(told, findings=[*evidence.findings, of_no_submission]), checking(contract, codec), codec, verdict)
    assert verdict.clean, verdict.examples


def test_an_unknown_scenario_is_refused_before_anything_starts() -> None:
    with pytest.raises(NotFound, match="kill, freeze"):
        chaos.rows(submissions=1, seed=1, scenario="kill,nothing-of-the-kind")
