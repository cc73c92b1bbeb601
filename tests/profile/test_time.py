"""Time as an input: ticks and releases among events, each case of the life of a record by hand, sweeps cut anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databus.contract import wire
from databus.contract.catalogue import Contract, load
from databus.model import keys
from databus.model.change import Change, Kind
from databus.model.chunk import Outcome, Output, Record
from databus.model.clock import Clock, Release, Tick, start_of
from databus.model.event import Event, Op
from databus.model.labels import Standing
from databus.profile import announcing
from databus.profile.profiler import duty, processor
from databus.testing.events import MemoryState, accepted, envelope

SCHEMAS = Path(__file__).parents[2] / "schemas"
CONTRACT = load(SCHEMAS)
CODEC = CONTRACT.codec()
PARTITION = 3
SHOWN, HIDDEN, ARCHIVED, REPAIRED, REVOKED = (getattr(Standing, name) for name in ("SHOWN", "HIDDEN", "ARCHIVED", "REPAIRED", "REVOKED"))
HOUR = 3_600_000


def number(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


def noon(day: date) -> int:
    return start_of(number(day)) + 12 * HOUR


def penalty(op: Op = Op.UPSERT, seq: int = 1, *, decided: date = date(2024, 6, 3), known: date, record: str = "1", **more: Any) -> Event:
    """An event of a penalty of the ecology department, 20,000 yuan by the ordinary procedure."""
    payload = {
        "doc_no": record,
        "content": "a",
        "decided_at": decided,
        "authority_uscc": "11220000YYYX00038L",
        "fine_yuan": Decimal(20_000),
        "penalty_kinds": ["FINE"],
        **more.pop("payload", {}),
    }
    return fact("ADMIN_PENALTY", op, seq, payload, known=known, record=record, **more)


def licence(seq: int = 1, *, until: date, known: date) -> Event:
    payload = {"licence_no": "1", "content": "a", "decided_at": date(2024, 1, 5), "valid_from": date(2024, 1, 5), "valid_to": until}
    return fact("ADMIN_LICENCE", Op.UPSERT, seq, payload, known=known)


def fact(record_type: str, op: Op, seq: int, payload: dict[str, Any], *, known: date, record: str = "1", **more: Any) -> Event:
    names = {field for field in CONTRACT.types[record_type].fields}
    kept = {name: value for name, value in payload.items() if name in names}
    body = CODEC.encode(f"databus.{record_type}", {"envelope": envelope(seq, op), "payload": kept})
    made = {"record_type": record_type, "record_key": f"{record_type}|{record}", "known_at": noon(known), "body": body, **more}
    return accepted(op, seq, repr(sorted(payload.items())), **made)


def tick(day: date) -> Tick:
    return Tick(number(day), PARTITION)


class Play:
    """A partition played by hand: chunks through the processor, slices through the duty, each committed at once."""

    def __init__(self, *, contract: Contract = CONTRACT, state: MemoryState | None = None, slice_size: int = 2000, offset: int = 0) -> None:
        self.state = MemoryState() if state is None else state
        self.offset = offset
        self.outputs: list[Output] = []
        self.process = processor(contract, CODEC, slice_size=slice_size)
        self.duty = duty(contract, CODEC, writes=False, slice_size=slice_size)

    def chunk(self, items: Sequence[Event | Tick | Release]) -> None:
        def value(item: Event | Tick | Release) -> bytes:
            return wire.encode_event(CODEC, item) if isinstance(item, Event) else wire.encode_time(CODEC, item)

        records = [Record("events", PARTITION, self.offset + at, 0, None, value(item)) for at, item in enumerate(items)]
        self.offset += len(records)
        self._take(self.process(records, self.state))

    def slice(self) -> bool:
        outcome = self.duty(PARTITION, self.state, 0, 0.0)
        if outcome is not None:
            self._take(outcome)
        return outcome is not None

    def rest(self) -> None:
        for _ in range(10_000):
            if not self.slice():
                return
        raise AssertionError("the sweep does not end")

    def _take(self, outcome: Outcome) -> None:
        self.state.commit(outcome)
        self.outputs += outcome.outputs

    @property
    def steps(self) -> list[Change]:
        values = [output.value or b"" for output in self.outputs if output.topic == "changes"]
        return [wire.decode_change(CODEC, value) for value in values if wire.decode_time(CODEC, value) is None]

    @property
    def ticks(self) -> list[int]:
        values = [output.value or b"" for output in self.outputs if output.topic == "changes"]
        return [told.day for value in values if isinstance(told := wire.decode_time(CODEC, value), Tick)]

    @property
    def clock(self) -> Clock:
        return announcing.clock_of(self.state, PARTITION, CODEC)


def played(*items: Event | Tick | Release) -> Play:
    play = Play()
    for item in items:
        play.chunk([item])
        play.rest()
    return play


def life(*items: Event | Tick | Release) -> list[tuple[Kind, Standing, date]]:
    steps = played(*items).steps
    return [(step.kind, step.standing, date.fromtimestamp((step.known_at + 8 * HOUR) // 1000)) for step in steps if step.kind.changing]


def daily(first: date, last: date) -> Iterator[Tick]:
    yield from (Tick(day, PARTITION) for day in range(number(first), number(last) + 1))


def test_a_general_penalty_lives_through_its_days() -> None:
    known = date(2026, 5, 12)
    assert life(penalty(decided=date(2026, 5, 10), known=known), *daily(known, date(2031, 6, 1))) == [
        (Kind.ADDED, SHOWN, known),
        (Kind.ENDED, HIDDEN, date(2027, 5, 11)),
        (Kind.ENDED, ARCHIVED, date(2031, 5, 11)),
    ]


def test_the_switch_of_2026_04_01_takes_the_milder_rule_on_its_day() -> None:
    known = date(2024, 6, 5)
    play = played(penalty(known=known), *daily(date(2026, 3, 25), date(2026, 4, 5)))
    assert [(step.kind, step.was, step.standing, step.rule) for step in play.steps] == [
        (Kind.ADDED, None, SHOWN, "PUB-2023"),
        (Kind.ENDED, SHOWN, HIDDEN, "PUB-2026-GENERAL"),
    ]
    assert play.steps[1].known_at == start_of(number(date(2026, 4, 1)))


def test_a_record_that_only_comes_under_another_rule_is_told_with_its_new_end() -> None:
    play = played(penalty(decided=date(2025, 6, 1), known=date(2025, 6, 3)), tick(date(2026, 4, 1)), tick(date(2026, 6, 2)))
    assert [(step.kind, step.standing, step.rule) for step in play.steps][1:] == [
        (Kind.CHANGED, SHOWN, "PUB-2026-GENERAL"),
        (Kind.ENDED, HIDDEN, "PUB-2026-GENERAL"),
    ]


def test_a_light_penalty_published_before_is_hidden_by_the_switch() -> None:
    event = penalty(decided=date(2026, 2, 1), known=date(2026, 2, 3), payload={"procedure": "01"})
    assert life(event, *daily(date(2026, 3, 30), date(2026, 4, 3)))[1:] == [(Kind.ENDED, HIDDEN, date(2026, 4, 1))]


def test_a_licence_expires() -> None:
    assert life(licence(until=date(2027, 1, 4), known=date(2024, 1, 8)), *daily(date(2027, 1, 1), date(2027, 1, 9))) == [
        (Kind.ADDED, SHOWN, date(2024, 1, 8)),
        (Kind.ENDED, HIDDEN, date(2027, 1, 5)),
    ]


def test_a_repair_before_the_minimum_takes_effect_on_the_day_after_it() -> None:
    decided, known = date(2026, 5, 10), date(2026, 5, 12)
    events = penalty(decided=decided, known=known), penalty(Op.REPAIR, 2, decided=decided, known=date(2026, 6, 1))
    assert life(*events, *daily(date(2026, 8, 1), date(2026, 8, 20)))[2:] == [(Kind.ENDED, REPAIRED, date(2026, 8, 11))]


@pytest.mark.parametrize(("op", "standing"), [(Op.REVOKE, REVOKED), (Op.REPAIR, REPAIRED), (Op.DELETE, Standing.DELETED)])
def test_what_has_ended_is_moved_by_no_day(op: Op, standing: Standing) -> None:
    decided, known = date(2026, 5, 10), date(2026, 9, 1)
    play = played(penalty(decided=decided, known=known), penalty(op, 2, decided=decided, known=known), tick(date(2033, 1, 1)))
    assert [step.standing for step in play.steps] == [SHOWN, standing]


def test_days_that_were_missed_are_made_up_in_their_order() -> None:
    known = date(2026, 5, 12)
    play = Play()
    play.chunk([penalty(decided=date(2026, 5, 10), known=known), tick(date(2032, 1, 1))])
    assert [(step.standing, step.known_at) for step in play.steps[1:]] == [
        (HIDDEN, start_of(number(date(2027, 5, 11)))),
        (ARCHIVED, start_of(number(date(2031, 5, 11)))),
    ]
    assert [step.pv for step in play.steps] == [1, 2, 3]


def test_an_event_brings_its_day_too_and_the_steps_of_the_days_before_come_first() -> None:
    known = date(2026, 5, 12)
    play = played(penalty(decided=date(2026, 5, 10), known=known), penalty(record="2", decided=date(2027, 8, 1), known=date(2027, 8, 2)))
    assert [(step.record_key[-1], step.standing) for step in play.steps] == [("1", SHOWN), ("1", HIDDEN), ("2", SHOWN)]
    assert play.ticks == []


def test_a_step_of_time_tells_its_cause_and_belongs_to_no_submission() -> None:
    event = penalty(decided=date(2026, 5, 10), known=date(2026, 5, 12))
    play = played(event, tick(date(2027, 5, 11)))
    step = play.steps[1]
    cause = keys.derived_id("tick", number(date(2027, 5, 11)))
    assert (step.submission_id, step.event_id, step.causes, step.origin_offset) == ("", event.event_id, (cause,), 1)
    assert step.change_id == keys.derived_id("change", cause, step.subject_key, step.record_key)
    assert step.body == event.body and step.label_class.standing is HIDDEN


def test_a_tick_is_told_behind_all_that_it_moved() -> None:
    known, last = date(2026, 5, 12), date(2027, 5, 11)
    play = Play(slice_size=2)
    play.chunk([penalty(decided=date(2026, 5, 10), known=known, record=str(name)) for name in range(5)])
    play.chunk([tick(last)])
    assert (len(play.steps), play.ticks, play.clock.swept, play.clock.behind) == (7, [number(last) - 1], number(last) - 1, True)
    assert play.slice()
    assert (len(play.steps), play.ticks) == (9, [number(last) - 1])
    play.rest()
    assert (len(play.steps), play.ticks) == (10, [number(last) - 1, number(last)])
    assert play.outputs[-1].value == wire.encode_time(CODEC, Tick(number(last), PARTITION))
    assert play.outputs[-1].partition == PARTITION


def test_an_event_for_a_record_still_to_be_judged_finds_it_judged() -> None:
    known = date(2026, 5, 12)
    play = Play(slice_size=1)
    play.chunk([penalty(decided=date(2026, 5, 10), known=known, record=str(name)) for name in range(3)])
    play.chunk([tick(date(2027, 5, 11))])
    left = next(name for name in "012" if f"|{name}" not in play.steps[-1].record_key)
    play.chunk([penalty(Op.ANNOTATE, 2, decided=date(2026, 5, 10), known=date(2027, 5, 11), record=left)])
    assert [(step.kind, step.standing) for step in play.steps[-2:]] == [(Kind.ENDED, HIDDEN), (Kind.NOTED, HIDDEN)]
    play.rest()
    assert len(play.steps) == 3 + 3 + 1


def test_the_same_day_told_again_moves_nothing() -> None:
    known, last = date(2026, 5, 12), date(2027, 5, 11)
    play = played(penalty(decided=date(2026, 5, 10), known=known), tick(last), tick(last), tick(date(2027, 5, 1)))
    assert (len(play.steps), play.ticks) == (2, [number(last)])


def test_a_cut_sweep_repeats_from_what_was_committed() -> None:
    known = date(2026, 5, 12)
    play = Play(slice_size=2)
    play.chunk([penalty(decided=date(2026, 5, 10), known=known, record=str(name)) for name in range(5)])
    play.chunk([tick(date(2027, 5, 11))])
    lost = play.duty(PARTITION, play.state, 0, 0.0)
    again = play.duty(PARTITION, MemoryState(play.state.values), 0, 0.0)
    assert lost is not None and again is not None
    assert (list(lost.outputs), lost.registers) == (list(again.outputs), again.registers)


DAYS = [date(2026, 2, 1), date(2026, 3, 31), date(2026, 4, 1), date(2026, 5, 20), date(2027, 3, 1), date(2029, 7, 1)]
LAST = date(2033, 1, 1)


@st.composite
def told(draw: st.DrawFn) -> Event:
    op = draw(st.sampled_from(Op))
    kinds = draw(st.sampled_from((["FINE"], ["WARNING"], ["REVOKE_LICENCE"])))
    return penalty(
        op,
        draw(st.integers(1, 3)),
        decided=draw(st.sampled_from((date(2023, 6, 1), date(2025, 11, 1), date(2026, 1, 20)))),
        known=draw(st.sampled_from(DAYS)),
        record=draw(st.sampled_from("12")),
        department=draw(st.sampled_from(("ecology", "taxation"))),
        deciding=draw(st.booleans()),
        withdrawn=op in (Op.REVOKE, Op.REPAIR, Op.ANNOTATE) and draw(st.booleans()),
        place=draw(st.integers(0, 1)),
        payload={"penalty_kinds": kinds},
    )


def current(steps: Sequence[Change]) -> dict[str, tuple[object, ...]]:
    moving = {step.record_key: step for step in steps if step.kind.changing}
    return {key: (one.standing, one.label_class, one.wake, one.rule, content(one), one.department) for key, one in moving.items()}


def content(step: Change) -> Any:
    # A repeat under a higher seq is no step, so the envelope may be that of the first.
    return None if step.body is None else CODEC.decode(step.body)[1]["payload"]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_ticks_among_events_in_any_order_and_slices_of_any_size_end_as_all_folded_at_the_last_day(data: st.DataObject) -> None:
    events = data.draw(st.lists(told(), min_size=1, max_size=8))
    ticks = [tick(day) for day in data.draw(st.lists(st.sampled_from(DAYS), max_size=4))]
    items: list[Event | Tick] = data.draw(st.permutations([*events, *events[:2], *ticks]))
    play = Play(slice_size=data.draw(st.integers(1, 3)))
    while items:
        size = data.draw(st.integers(1, len(items)))
        play.chunk(items[:size])
        items = items[size:]
        for _ in range(data.draw(st.integers(0, 2))):
            play.slice()
    play.chunk([tick(LAST)])
    play.rest()

    at_once = Play()
    at_once.chunk([tick(LAST), *events])
    assert current(play.steps) == current(at_once.steps)
    assert [step.pv for step in play.steps if step.pv is not None] == list(range(1, sum(step.pv is not None for step in play.steps) + 1))
    assert len({step.change_id for step in play.steps if not step.submission_id}) == sum(not step.submission_id for step in play.steps)
    assert play.ticks[-1] == number(LAST)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_steps_of_a_record_do_not_depend_on_the_slices(data: st.DataObject) -> None:
    items: list[Event | Tick] = sorted(data.draw(st.lists(told(), min_size=1, max_size=8)), key=lambda event: event.known_at)
    items += [tick(day) for day in (date(2030, 1, 1), LAST)]

    def steps(slice_size: int, size: int) -> dict[str, list[Change]]:
        play = Play(slice_size=slice_size)
        for at in range(0, len(items), size):
            play.chunk(items[at : at + size])
        play.rest()
        found: dict[str, list[Change]] = {}
        for step in play.steps:
            # Numbers are given in the order of work, and a day that passed unswept is told by a later record of `events`.
            origin = step.origin_offset if step.submission_id else 0
            found.setdefault(step.record_key, []).append(replace(step, pv=step.pv and 1, origin_offset=origin))
        return found

    assert steps(2000, 1) == steps(data.draw(st.integers(1, 2)), data.draw(st.integers(1, 4)))


@pytest.fixture(scope="module")
def stricter(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """The shipped contract with general penalties published for six months only."""
    folder = tmp_path_factory.mktemp("release") / "schemas"
    copytree(SCHEMAS, folder)
    rules = folder / "rules" / "CN-2026.yaml"
    text = rules.read_text("utf-8")
    assert "max: {years: 1}" in text
    rules.write_text(text.replace("max: {years: 1}", "max: {months: 6}"), "utf-8")
    return load(folder)


def test_another_release_sweeps_every_record_and_says_so(stricter: Contract) -> None:
    known, today = date(2026, 5, 12), date(2027, 1, 5)
    before = Play()
    before.chunk([penalty(decided=date(2026, 5, 10), known=known, record=str(name)) for name in range(5)] + [tick(today)])
    assert {step.standing for step in before.steps} == {SHOWN}
    after = Play(contract=stricter, state=before.state, slice_size=2, offset=before.offset)
    release = Release(stricter.rules.digest, PARTITION, noon(today))
    after.chunk([release])
    assert after.clock.behind
    assert after.slice()
    assert [step.standing for step in after.steps] == [HIDDEN, HIDDEN]
    left = next(name for name in "01234" if f"|{name}" not in {step.record_key[-2:] for step in after.steps})
    after.chunk([penalty(Op.ANNOTATE, 2, decided=date(2026, 5, 10), known=today, record=left)])
    assert [(step.kind, step.standing) for step in after.steps[2:]] == [(Kind.ENDED, HIDDEN), (Kind.NOTED, HIDDEN)]
    after.rest()
    by_release = [step for step in after.steps if not step.submission_id]
    assert len({step.record_key for step in by_release}) == len(by_release) == 5
    assert {(step.kind, step.known_at, step.causes) for step in by_release} == {(Kind.ENDED, noon(today), by_release[0].causes)}
    assert not after.clock.behind
    after.chunk([release])
    assert not after.clock.behind


def test_a_release_of_other_rules_than_ours_is_passed_over(stricter: Contract) -> None:
    play = played(penalty(known=date(2024, 6, 5)), Release(stricter.rules.digest, PARTITION, 0))
    assert (len(play.steps), play.clock.announced, play.clock.release) == (1, stricter.rules.digest, "")


def test_comments_are_no_release(tmp_path: Path) -> None:
    copytree(SCHEMAS, tmp_path / "schemas")
    rules = tmp_path / "schemas" / "rules" / "CN-2026.yaml"
    rules.write_text("# another comment\n" + rules.read_text("utf-8"), "utf-8")
    assert load(tmp_path / "schemas").rules.digest == CONTRACT.rules.digest


def told_by(state: MemoryState, now: int, *, quiet: float = 0.0, patience: float | None = None) -> list[Tick | Release] | None:
    """What the owner writes at an instant, committed."""
    outcome = duty(CONTRACT, CODEC, patience=patience)(PARTITION, state, now, quiet)
    if outcome is None:
        return None
    state.commit(outcome)
    assert {output.partition for output in outcome.outputs} == {PARTITION}
    assert len({output.key for output in outcome.outputs}) == len(outcome.outputs)
    return [said for output in outcome.outputs if (said := wire.decode_time(CODEC, output.value or b"")) is not None]


def test_the_owner_writes_each_day_once_and_missed_days_in_order() -> None:
    state, day = MemoryState(), date(2026, 5, 12)
    assert told_by(state, noon(day)) == [Release(CONTRACT.rules.digest, PARTITION, noon(day)), tick(day)]
    assert told_by(state, noon(day) + HOUR) is None
    assert told_by(state, start_of(number(day) + 1) - 1) is None
    assert told_by(state, start_of(number(day) + 1)) == [tick(date(2026, 5, 13))]
    assert told_by(state, noon(date(2026, 5, 16))) == [tick(date(2026, 5, 14)), tick(date(2026, 5, 15)), tick(date(2026, 5, 16))]
    assert told_by(state, noon(day)) is None


def test_many_missed_days_are_written_in_several_transactions() -> None:
    state = MemoryState()
    told_by(state, noon(date(2022, 1, 1)))
    days = []
    while said := told_by(state, noon(date(2026, 1, 1))):
        assert len(said) <= announcing.AT_ONCE
        days += [one.day for one in said if isinstance(one, Tick)]
    assert days == list(range(number(date(2022, 1, 2)), number(date(2026, 1, 1)) + 1))


def test_where_times_are_told_days_wait_for_quiet_after_the_first_event() -> None:
    play, today = Play(), date(2026, 5, 12)
    assert told_by(play.state, noon(today), quiet=99.0, patience=5.0) is None
    play.chunk([penalty(known=date(2026, 5, 9))])
    assert told_by(play.state, noon(today), quiet=4.9, patience=5.0) is None
    said = told_by(play.state, noon(today), quiet=5.0, patience=5.0)
    assert said is not None
    assert said[1:] == [tick(date(2026, 5, day)) for day in (9, 10, 11, 12)]


def test_what_was_read_is_not_written_again_by_a_new_generation() -> None:
    play, today = Play(), date(2026, 5, 12)
    play.chunk([Release(CONTRACT.rules.digest, PARTITION, 0), tick(today)])
    play.rest()
    assert told_by(play.state, noon(today)) is None
