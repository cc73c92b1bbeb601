"""The processor over the shipped contracts: steps, versions, registers and findings, chunk by chunk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databus.contract import wire
from databus.contract.catalogue import load
from databus.errors import DataUnusable, Undecodable
from databus.model import keys
from databus.model.change import Change, Kind
from databus.model.chunk import Record
from databus.model.event import Event, Op
from databus.model.finding import Verdict
from databus.model.labels import Standing
from databus.profile.profiler import processor
from databus.testing.events import DAY, SUBJECT, MemoryState, accepted, envelope

CONTRACT = load(Path(__file__).parents[2] / "schemas")
CODEC = CONTRACT.codec()
PROCESS = processor(CONTRACT, CODEC)
DECIDED = date(2026, 5, 4)
KNOWN = (date(2026, 5, 6).toordinal() - date(1970, 1, 1).toordinal()) * DAY
PERMANENT = (Kind.ADDED, Kind.CHANGED, Kind.ENDED, Kind.RESTORED, Kind.NOTED)


def fact(op: Op = Op.UPSERT, seq: int = 1, content: str = "a", *, fine: int = 20_000, **more: Any) -> Event:
    """An event of a general penalty decided on 2026-05-04 and known two days later."""
    payload = {"doc_no": "1", "content": content, "decided_at": DECIDED, "fine_yuan": Decimal(fine), "penalty_kinds": ["FINE"]}
    body = CODEC.encode("databus.ADMIN_PENALTY", {"envelope": envelope(seq), "payload": payload})
    made = {"record_type": "ADMIN_PENALTY", "record_key": "ADMIN_PENALTY|1", "known_at": KNOWN, "body": body, **more}
    return accepted(op, seq, f"{content}{fine}", **made)


def records(events: Sequence[Event], first: int = 0) -> list[Record]:
    return [
        Record("events", 3, offset, 0, None, wire.encode_event(CODEC, event), (("databus-row", b"7"),))
        for offset, event in enumerate(events, start=first)
    ]


def steps(*events: Event, state: MemoryState | None = None) -> list[Change]:
    """The steps of one chunk, committed to the state."""
    state = MemoryState() if state is None else state
    outcome = PROCESS(records(events), state)
    state.commit(outcome)
    return [wire.decode_change(CODEC, output.value or b"") for output in outcome.outputs if output.topic == "changes"]


def kinds(*events: Event) -> list[tuple[Kind, Standing, int | None]]:
    return [(step.kind, step.standing, step.pv) for step in steps(*events)]


def last(*events: Event) -> Change:
    return steps(*events)[-1]


def test_the_first_content_adds_the_record() -> None:
    (step,) = steps(fact())
    assert (step.kind, step.pv, step.was, step.standing, step.rule) == (Kind.ADDED, 1, None, Standing.SHOWN, "PUB-2026-GENERAL")
    assert step.wake == date(2027, 5, 5).toordinal() - date(1970, 1, 1).toordinal()
    assert step.fields == ("content", "decided_at", "doc_no", "fine_yuan", "penalty_kinds")
    assert (step.body, step.department, step.label_class.owner) == (fact().body, "taxation", "taxation")
    assert (step.origin_partition, step.origin_offset, step.event_id) == (3, 0, fact().event_id)


def test_a_step_is_keyed_and_routed_by_its_subject_and_carries_the_headers_on() -> None:
    (output,) = PROCESS(records([fact()]), MemoryState()).outputs
    assert (output.topic, output.key, output.route, output.headers) == (
        "changes",
        SUBJECT.encode(),
        SUBJECT.encode(),
        (("databus-row", b"7"),),
    )


def test_newer_content_names_the_fields_it_changes() -> None:
    step = last(fact(), fact(seq=2, fine=30_000))
    assert (step.kind, step.pv, step.was, step.fields) == (Kind.CHANGED, 2, Standing.SHOWN, ("fine_yuan",))


def test_what_leaves_the_profile_as_it_is_has_no_version() -> None:
    told = kinds(fact(seq=5), fact(seq=4, content="b"), fact(seq=5, place=1), fact(seq=6, place=2), fact(seq=7, content="c"))
    assert told == [
        (Kind.ADDED, Standing.SHOWN, 1),
        (Kind.HISTORY, Standing.SHOWN, None),
        (Kind.DUPLICATE, Standing.SHOWN, None),
        (Kind.DUPLICATE, Standing.SHOWN, None),
        (Kind.CHANGED, Standing.SHOWN, 2),
    ]


def test_a_duplicate_under_a_higher_seq_raises_the_seq() -> None:
    assert last(fact(seq=1), fact(seq=9, place=1), fact(seq=5, content="b")).kind is Kind.HISTORY


@pytest.mark.parametrize(("op", "standing"), [(Op.REVOKE, Standing.REVOKED), (Op.REPAIR, Standing.SHOWN), (Op.DELETE, Standing.DELETED)])
def test_an_end_ends(op: Op, standing: Standing) -> None:
    step = last(fact(), fact(op, seq=2))
    assert (step.kind, step.was, step.standing, step.fields != ()) == (Kind.ENDED, Standing.SHOWN, standing, op is Op.DELETE)


def test_a_repair_after_the_minimum_repairs() -> None:
    assert last(fact(), fact(Op.REPAIR, seq=2, known_at=KNOWN + 100 * DAY)).standing is Standing.REPAIRED


def test_an_end_taken_back_restores() -> None:
    told = kinds(fact(), fact(Op.REVOKE, seq=2), fact(Op.REVOKE, seq=3, withdrawn=True))
    assert told[2] == (Kind.RESTORED, Standing.SHOWN, 3)


def test_a_late_revoke_waits_for_its_content_which_is_never_shown() -> None:
    told = steps(fact(Op.REVOKE, seq=2), fact(seq=1))
    assert [(step.kind, step.was, step.standing, step.pv) for step in told] == [
        (Kind.ENDED, None, Standing.WAITING, 1),
        (Kind.ADDED, Standing.WAITING, Standing.REVOKED, 2),
    ]
    assert (told[0].body, told[1].body) == (None, fact(seq=1).body)


def test_after_a_delete_nothing_of_the_payload_is_in_the_registers() -> None:
    state = MemoryState()
    steps(fact(content="a secret"), state=state)
    assert any(b"a secret" in value for value in state.values.values())
    (step,) = steps(fact(Op.DELETE, seq=2, content="a secret"), state=state)
    assert (step.standing, step.body) == (Standing.DELETED, None)
    assert not any(b"a secret" in value or "某某公司".encode() in value for value in state.values.values())


def test_content_newer_than_a_delete_starts_afresh_even_if_it_is_equal() -> None:
    assert kinds(fact(), fact(Op.DELETE, seq=2), fact(seq=1, place=3), fact(seq=3, place=4)) == [
        (Kind.ADDED, Standing.SHOWN, 1),
        (Kind.ENDED, Standing.DELETED, 2),
        (Kind.DUPLICATE, Standing.DELETED, None),
        (Kind.ADDED, Standing.SHOWN, 3),
    ]


def test_a_note_is_noted_and_flags_the_record() -> None:
    step = last(fact(), fact(Op.ANNOTATE, seq=2))
    assert (step.kind, step.standing, step.label_class.flags, step.body) == (Kind.NOTED, Standing.SHOWN, ("objection",), fact().body)


def test_equivocation_is_counted_held_and_told_to_the_department() -> None:
    outcome = PROCESS(records([fact(content="a"), fact(content="b")]), MemoryState())
    added, counted, held = (wire.decode_change(CODEC, output.value or b"") for output in outcome.outputs[:3])
    assert [(step.kind, step.pv, step.standing) for step in (added, counted, held)] == [
        (Kind.ADDED, 1, Standing.SHOWN),
        (Kind.EQUIVOCAL, None, Standing.HELD),
        (Kind.CHANGED, 2, Standing.HELD),
    ]
    assert (held.submission_id, held.causes) == ("", (counted.event_id,))
    assert len({added.change_id, counted.change_id, held.change_id}) == 3
    (told,) = outcome.outputs[3:]
    finding = wire.decode_finding(CODEC, told.value or b"")
    assert (told.topic, told.key, finding.rule, finding.verdict, finding.row) == ("findings", b"taxation", "DQ-UNI-03", Verdict.HOLD, 7)
    assert finding.event_id == fact(content="b").event_id


def test_a_held_record_is_settled_by_a_higher_seq() -> None:
    assert kinds(fact(content="a"), fact(content="b"), fact(seq=2, content="b"))[-1] == (Kind.CHANGED, Standing.SHOWN, 3)


def test_a_repeat_of_an_event_makes_a_step_of_the_same_id_and_tells_nobody_again() -> None:
    state = MemoryState()
    first = steps(fact(content="a"), fact(content="b"), state=state)
    before = dict(state.values)
    outcome = PROCESS(records([fact(content="b")], first=9), state)
    (again,) = (wire.decode_change(CODEC, output.value or b"") for output in outcome.outputs)
    assert (again.kind, again.change_id, again.pv) == (Kind.DUPLICATE, first[1].change_id, None)
    state.commit(outcome)
    assert state.values == before


def test_another_source_s_copy_of_the_document_is_a_duplicate_whatever_it_says() -> None:
    forwarded = {"department": "zoo", "deciding": False}
    assert [kind for kind, _, _ in kinds(fact(), fact(content="b", **forwarded))] == [Kind.ADDED, Kind.DUPLICATE]
    assert [kind for kind, _, _ in kinds(fact(), fact(**forwarded))] == [Kind.ADDED, Kind.DUPLICATE]


def test_the_decider_s_copy_takes_over_from_a_forwarder_s() -> None:
    step = last(fact(department="ecology", deciding=False), fact(content="b"))
    assert (step.kind, step.department, step.fields) == (Kind.CHANGED, "taxation", ("content",))


def test_versions_are_dense_per_subject_and_carry_on_over_chunks() -> None:
    state, other = MemoryState(), keys.organisation_key("91220102YYYY000207")
    first = steps(fact(), fact(seq=0), fact(seq=2, content="b"), fact(subject_key=other), state=state)
    second = steps(fact(record_key="ADMIN_PENALTY|2"), fact(Op.REVOKE, seq=3), state=state)
    assert [step.pv for step in first] == [1, None, 2, 1]
    assert [step.pv for step in second] == [3, 4]


def test_time_is_taken_from_the_event_not_from_a_clock() -> None:
    assert last(fact(known_at=KNOWN + 400 * DAY)).standing is Standing.HIDDEN
    assert last(fact(known_at=KNOWN + 2_000 * DAY)).standing is Standing.ARCHIVED


def test_an_older_event_does_not_turn_the_record_s_day_back() -> None:
    step = last(fact(known_at=KNOWN + 400 * DAY), fact(Op.ANNOTATE, seq=2, known_at=KNOWN))
    assert step.standing is Standing.HIDDEN


def test_the_registers_are_led_by_the_wake_day() -> None:
    state = MemoryState()
    (step,) = steps(fact(), state=state)
    register = wire.decode_register(CODEC, state.values[keys.pack(SUBJECT, "ADMIN_PENALTY|1", "taxation/core", "content")])
    assert (register.wake, wire.decode_event(CODEC, register.event)) == (step.wake, fact())
    steps(fact(Op.REVOKE, seq=2), state=state)
    ended = wire.decode_register(CODEC, state.values[keys.pack(SUBJECT, "ADMIN_PENALTY|1", "taxation/core", "revoke")])
    assert ended.wake == wire.NEVER
    assert wire.decode_head(CODEC, state.values[keys.pack(SUBJECT, "head")]).pv == 2


def test_tombstones_are_passed_over() -> None:
    assert PROCESS([Record("events", 0, 0, 0, b"key", None)], MemoryState()).outputs == []


def test_what_no_checker_wrote_stops_the_profiler() -> None:
    with pytest.raises(Undecodable):
        PROCESS([Record("events", 0, 0, 0, b"key", b"garbage")], MemoryState())


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\x00\x00\x00\x00\x01\xff"])
def test_a_damaged_register_stops_the_profiler_and_says_what_to_do(damage: bytes) -> None:
    state = MemoryState()
    steps(fact(), state=state)
    state.put(keys.pack(SUBJECT, "ADMIN_PENALTY|1", "taxation/core", "content"), damage)
    with pytest.raises(DataUnusable, match="databus rebuild"):
        steps(fact(seq=2), state=state)


def test_an_event_on_a_large_profile_reads_no_more_than_on_a_small_one() -> None:
    def reads(size: int) -> int:
        state = MemoryState()
        for number in range(size):
            steps(fact(record_key=f"ADMIN_PENALTY|{number}"), state=state)
        state.reads = 0
        steps(fact(seq=2, content="b", record_key="ADMIN_PENALTY|0"), state=state)
        return state.reads

    assert reads(300) == reads(3) == 5


@st.composite
def told(draw: st.DrawFn) -> Event:
    op, place = draw(st.sampled_from(Op)), draw(st.integers(0, 1))
    return fact(
        op,
        draw(st.integers(1, 3)),
        draw(st.sampled_from("ab")),
        department=draw(st.sampled_from(["ecology", "taxation"])),
        # One submission is judged once: whether it decides goes with its place, as its id does.
        deciding=place == 0,
        record_key=draw(st.sampled_from(["ADMIN_PENALTY|1", "ADMIN_PENALTY|2"])),
        withdrawn=op in (Op.REVOKE, Op.REPAIR, Op.ANNOTATE) and draw(st.booleans()),
        place=place,
    )


def profile(state: MemoryState) -> dict[bytes, tuple[Event, tuple[bytes, ...]]]:
    """What the registers hold, wake days (a lower bound) and versions aside."""
    kept = {key: wire.decode_register(CODEC, value) for key, value in state.values.items() if len(keys.unpack(key)) == 4}
    return {key: (wire.decode_event(CODEC, register.event), register.rivals) for key, register in kept.items()}


def current(all_steps: Sequence[Change]) -> dict[str, tuple[object, ...]]:
    """The records as the steps that move the profile leave them."""
    left = {}
    for step in all_steps:
        if step.kind.changing:
            left[step.record_key] = (
                step.standing,
                step.label_class,
                step.wake,
                step.rule,
                step.body and payload(step.body),
                step.department,
            )
    return left


def payload(body: bytes) -> Any:
    return CODEC.decode(body)[1]["payload"]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_order_repetition_and_chunking_ends_in_the_same_profile(data: st.DataObject) -> None:
    events = data.draw(st.lists(told(), min_size=1, max_size=10))
    mixed = data.draw(st.permutations(events + events[:4]))
    whole, split = MemoryState(), MemoryState()
    at_once, bit_by_bit = steps(*events, state=whole), []
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(mixed) - 1)), max_size=4)))
    for start, end in zip([0, *cuts], [*cuts, len(mixed)], strict=True):
        bit_by_bit += steps(*mixed[start:end], state=split)
    assert profile(split) == profile(whole)
    assert current(bit_by_bit) == current(at_once)
    versions = [step.pv for step in bit_by_bit if step.pv is not None]
    assert versions == list(range(1, len(versions) + 1))


@settings(max_examples=50, deadline=None)
@given(st.lists(told(), min_size=1, max_size=10))
def test_the_steps_do_not_depend_on_where_the_chunks_end(events: list[Event]) -> None:
    state, one_by_one = MemoryState(), []
    for offset, event in enumerate(events):
        outcome = PROCESS(records([event], first=offset), state)
        state.commit(outcome)
        one_by_one += outcome.outputs
    whole = PROCESS(records(events), MemoryState())
    assert one_by_one == list(whole.outputs)


def test_ids_are_the_same_for_the_same_event() -> None:
    assert steps(fact())[0].change_id == keys.derived_id("change", fact().event_id)
    moved = replace(fact(), content_hash=hashlib.sha256(b"x").digest())
    assert steps(moved)[0].change_id == keys.derived_id("change", fact().event_id)
