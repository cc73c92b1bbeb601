"""Plans: how long they live, when they are asked for anew, and what holds while OPA is away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from databus.errors import PolicyUnavailable
from databus.model.disclosure import ANONYMOUS, Action, ClassPlan, Disclosed, FieldRule, Permit, Plan, Question
from databus.model.labels import Commercial, LabelClass, Privacy, Publication, Standing, SubjectKind
from databus.policy.plans import Plans, expiry
from policy_engine import contract

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 6, 1, 12, tzinfo=SHANGHAI)
SHOWN = LabelClass("ADMIN_PENALTY", SubjectKind.ORGANISATION, Publication.PUBLIC, Commercial.NONE, Privacy.NONE, Standing.SHOWN, "ecology")
HIDDEN = replace(SHOWN, standing=Standing.HIDDEN)
PERMIT = Permit("c1", 1, "CONSENT", "a", (), (), (), ("P12",), (), "law", date(2026, 1, 1), date(2026, 12, 31))


@dataclass
class Fake:
    """A decider that keeps one field, and counts."""

    revision: str = "r1"
    away: bool = False
    asked: list[Question] = field(default_factory=list)
    fields: Mapping[str, FieldRule] = field(default_factory=lambda: {"doc_no": FieldRule(Action.KEEP)})

    async def decide(self, question: Question) -> tuple[str, Mapping[int, ClassPlan]]:
        self.asked.append(question)
        if self.away:
            raise PolicyUnavailable("away")
        return self.revision, {known.class_id: ClassPlan(True, ("OK_PUBLIC",), self.fields) for known in question.classes}


@dataclass
class World:
    """Plans over a fake with a clock and classes that can be moved."""

    decider: Fake = field(default_factory=Fake)
    now: datetime = NOON
    classes: tuple[LabelClass, ...] = (SHOWN,)

    def __post_init__(self) -> None:
        async def classes() -> tuple[LabelClass, ...]:
            return self.classes

        self.plans = Plans(self.decider, classes=classes, contract=contract(), clock=lambda: self.now, seconds=60)

    async def ask(self, permit: Permit | None = None, purpose: str = "") -> Plan:
        return await self.plans.plan(ANONYMOUS, purpose=purpose, relation="permit" if permit else "none", permit=permit)


async def test_a_plan_is_asked_for_once() -> None:
    world = World()
    first = await world.ask()
    world.now += timedelta(seconds=59)
    assert await world.ask() is first
    assert len(world.decider.asked) == 1


async def test_a_plan_ends_with_its_time() -> None:
    world = World()
    await world.ask()
    world.now += timedelta(seconds=60)
    world.decider.revision = "r2"
    assert (await world.ask()).revision == "r2"


async def test_every_question_of_its_own_gets_a_plan_of_its_own() -> None:
    world = World()
    ids = {(await world.ask()).plan_id, (await world.ask(purpose="P12")).plan_id, (await world.ask(PERMIT)).plan_id}
    ids.add((await world.ask(replace(PERMIT, version=2, revoked=True))).plan_id)
    assert len(ids) == 4


async def test_a_plan_names_input_and_revision() -> None:
    one, other = World(), World(Fake(revision="r2"))
    assert (await one.ask()).plan_id == (await World().ask()).plan_id
    assert (await one.ask()).plan_id != (await other.ask()).plan_id


async def test_midnight_ends_a_plan() -> None:
    world = World(now=datetime(2026, 6, 1, 23, 59, 50, tzinfo=SHANGHAI))
    await world.ask()
    world.now += timedelta(seconds=15)
    assert (await world.ask()).question.day == date(2026, 6, 2)


def test_expiry_is_the_earliest_end() -> None:
    life = timedelta(seconds=60)
    late = datetime(2026, 6, 1, 23, 59, 30, tzinfo=SHANGHAI)
    assert expiry(NOON, life=life, permit=None) == NOON + life
    assert expiry(late, life=life, permit=None) == datetime(2026, 6, 2, tzinfo=SHANGHAI)
    assert expiry(NOON, life=timedelta(days=9), permit=replace(PERMIT, valid_to=date(2026, 5, 30))) == datetime(
        2026, 5, 31, tzinfo=SHANGHAI
    )
    assert expiry(NOON, life=life, permit=replace(PERMIT, valid_to=date.max)) == NOON + life
    assert expiry(late.astimezone(ZoneInfo("UTC")), life=life, permit=None) == datetime(2026, 6, 2, tzinfo=SHANGHAI)


async def test_a_new_class_is_asked_about() -> None:
    world = World()
    await world.ask()
    world.classes = (SHOWN, HIDDEN)
    world.now += timedelta(seconds=1)
    assert set((await world.ask()).classes) == {SHOWN.class_id, HIDDEN.class_id}


async def test_while_opa_is_away_unexpired_plans_hold() -> None:
    world = World()
    held = await world.ask()
    world.decider.away = True
    world.classes = (SHOWN, HIDDEN)
    world.now += timedelta(seconds=30)
    assert await world.ask() is held
    assert HIDDEN.class_id not in held.classes
    world.now += timedelta(seconds=30)
    with pytest.raises(PolicyUnavailable):
        await world.ask()
    with pytest.raises(PolicyUnavailable):
        await world.ask(purpose="P12")


async def test_a_clock_that_goes_back_gives_no_plan_of_another_day() -> None:
    world = World(now=datetime(2026, 6, 2, 0, 0, 1, tzinfo=SHANGHAI))
    await world.ask()
    world.now -= timedelta(seconds=5)
    assert (await world.ask()).question.day == date(2026, 6, 1)


async def test_what_policy_did_not_name_is_withheld() -> None:
    world = World()
    plan = await world.ask()
    out = world.plans.redact(plan, SHOWN.class_id, {"doc_no": "1", "remark": "x", "not_in_the_contract": "y"})
    assert out.fields == {"doc_no": "1"}
    assert out.withheld["remark"] == "DENY_UNKNOWN_CLASS"
    assert "not_in_the_contract" not in out.withheld


async def test_only_text_is_masked() -> None:
    rules = {
        name: FieldRule(Action.MASK, "name", "MASKED_PERSONAL") for name in ("counterparty_name", "decided_at", "fine_yuan", "is_final")
    }
    world = World(Fake(fields=rules))
    plan = await world.ask()
    payload = {"counterparty_name": "王五", "decided_at": "2026-01-01", "fine_yuan": "12.00", "is_final": None}
    out = world.plans.redact(plan, SHOWN.class_id, payload)
    assert out.fields == {"counterparty_name": "王*"}
    assert {out.withheld[name] for name in ("decided_at", "fine_yuan", "is_final")} == {"MASKED_PERSONAL"}


async def test_what_is_withheld_does_not_depend_on_the_values() -> None:
    world = World()
    plan = await world.ask()
    full, empty = (world.plans.redact(plan, SHOWN.class_id, payload) for payload in ({"doc_no": "1", "remark": "x"}, {}))
    assert full.withheld == empty.withheld
    assert empty.fields == {"doc_no": None}


async def test_a_record_of_a_class_not_in_the_plan_does_not_leave() -> None:
    world = World()
    out = world.plans.redact(await world.ask(), HIDDEN.class_id, {"doc_no": "1"})
    assert (out.fields, out.withheld, out.reasons) == ({}, {}, ("DENY_UNKNOWN_CLASS",))


BATCH = replace(SHOWN, record_type="TRACE_BATCH")
MOVES = {"movements.to_uscc": FieldRule(Action.MASK, "bank", "MASKED_PERSONAL"), "movements.moved_on": FieldRule(Action.KEEP)}


async def redacted(rules: Mapping[str, FieldRule], payload: Mapping[str, object]) -> Disclosed:
    world = World(Fake(fields=rules), classes=(BATCH,))
    return world.plans.redact(await world.ask(), BATCH.class_id, payload)


async def test_records_in_a_record_are_cut_part_by_part() -> None:
    moves = [
        {"to_uscc": "91220202YYYY000399", "moved_on": "2026-09-04", "doc_no": "L1"},
        {"to_uscc": None, "moved_on": None, "doc_no": "L2"},
    ]
    out = await redacted(MOVES, {"movements": moves, "inputs": [{"batch_code": "I1"}]})
    assert out.fields == {"movements": [{"to_uscc": "*" * 14 + "0399", "moved_on": "2026-09-04"}, {"to_uscc": None, "moved_on": None}]}
    assert out.withheld["movements.doc_no"] == out.withheld["inputs.batch_code"] == "DENY_UNKNOWN_CLASS"
    assert "movements" not in out.withheld and "inputs" not in out.withheld


async def test_what_is_withheld_of_records_does_not_depend_on_the_values_either() -> None:
    full, empty, none = [await redacted(MOVES, payload) for payload in ({"movements": [{"doc_no": "L1"}]}, {"movements": []}, {})]
    assert full.withheld == empty.withheld == none.withheld
    assert (empty.fields, none.fields) == ({"movements": []}, {"movements": None})


async def test_one_record_inside_a_record() -> None:
    complaint = replace(SHOWN, record_type="COMPLAINT")
    world = World(Fake(fields={"reporter.name": FieldRule(Action.MASK, "name", "MASKED_PERSONAL")}), classes=(complaint,))
    out = world.plans.redact(await world.ask(), complaint.class_id, {"reporter": {"name": "王小明", "phone": "10012345678"}})
    assert out.fields == {"reporter": {"name": "王**"}} and out.withheld["reporter.phone"]
