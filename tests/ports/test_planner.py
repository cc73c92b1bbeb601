"""What every planner keeps to: the one that follows a table, and the real one over recorded answers and over the real OPA."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from databus.errors import PolicyUnavailable
from databus.model.disclosure import Action, ClassPlan, Disclosed, Plan, Question
from databus.model.labels import LabelClass, Standing
from databus.policy.opa import OpaDecider
from databus.policy.plans import Plans
from databus.ports import Decider, Planner
from databus.testing.decider import RecordedDecider, recorded
from databus.testing.planner import TablePlanner, hide, keep
from disclosure.matrix import ANSWERS, cases
from policy_engine import TOKEN, contract, running_opa

NOON = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
ASKERS = {case.name.removeprefix("1 organisation, published: "): case.question for case in cases()}
OPEN = ASKERS["PUB"].classes[0]
HIDDEN = replace(OPEN, standing=Standing.HIDDEN)
FIELDS = tuple(contract().types[OPEN.record_type].fields)
PAYLOAD = {name: f"value of {name}" for name in FIELDS if name != "remark"}
TABLE = keep(FIELDS, reason="OK_PUBLIC", drop={"procedure": "DENY_NOT_PUBLISHED"}, mask=("violation_facts",))


@dataclass
class Asked:
    """A planner over two classes, and how its decider is taken away."""

    planner: Planner
    lose: Callable[[], Awaitable[None]]

    async def plan(self, asker: str = "PUB") -> Plan:
        who = ASKERS[asker]
        return await self.planner.plan(who.caller, purpose=who.purpose, relation=who.relation, permit=who.permit)

    async def redact(self, known: LabelClass) -> Disclosed:
        return self.planner.redact(await self.plan(), known.class_id, PAYLOAD)


@pytest.fixture(params=["table", "recorded", pytest.param("opa", marks=pytest.mark.live)])
async def asked(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Asked]:
    if request.param == "table":
        yield _by_table()
    elif request.param == "recorded":
        decider = recorded(ANSWERS)
        yield Asked(_plans(decider), lambda: _lost(decider))
    else:
        with running_opa(tmp_path / "bundle") as opa:
            async with OpaDecider(opa.url, TOKEN, 5.0) as decider:
                yield Asked(_plans(decider), decider.stop)


def _plans(decider: Decider) -> Plans:
    async def occurring() -> tuple[LabelClass, ...]:
        return OPEN, HIDDEN

    return Plans(decider, classes=occurring, contract=contract(), clock=lambda: NOON, seconds=60)


def _by_table() -> Asked:
    def verdict(_: Question, known: LabelClass) -> ClassPlan:
        return TABLE if known.standing is Standing.SHOWN else hide("DENY_EXPIRED")

    planner = TablePlanner(verdict, classes=lambda: (OPEN, HIDDEN), clock=lambda: NOON)
    return Asked(planner, lambda: _lost(planner))


async def _lost(part: RecordedDecider | TablePlanner) -> None:
    part.away = True


async def test_a_plan_answers_for_every_class_that_occurs(asked: Asked) -> None:
    plan = await asked.plan()
    assert set(plan.classes) == {OPEN.class_id, HIDDEN.class_id} and plan.allowed == (OPEN.class_id,)
    assert set(plan.classes[OPEN.class_id].fields) == set(FIELDS)
    assert plan.revision and plan.question.day == NOON.date()


async def test_a_plan_ends_within_its_life(asked: Asked) -> None:
    assert NOON < (await asked.plan()).expires_at <= NOON + timedelta(seconds=60)


async def test_the_same_question_is_the_same_plan_and_another_is_another(asked: Asked) -> None:
    assert (await asked.plan()).plan_id == (await asked.plan()).plan_id != (await asked.plan("CA-")).plan_id


async def test_without_a_decider_and_without_a_plan_there_is_no_answer(asked: Asked) -> None:
    await asked.lose()
    with pytest.raises(PolicyUnavailable):
        await asked.plan()


async def test_a_record_is_cut_field_by_field(asked: Asked) -> None:
    plan, got = await asked.plan(), await asked.redact(OPEN)
    rules = plan.classes[OPEN.class_id].fields
    assert set(got.fields).isdisjoint(got.withheld) and set(got.fields) | set(got.withheld) == set(FIELDS)
    for name, rule in rules.items():
        if rule.action is Action.DROP:
            assert got.withheld[name] == rule.reason != ""
        elif rule.action is Action.KEEP:
            assert got.fields[name] == PAYLOAD.get(name)
    assert got.withheld["procedure"] == "DENY_NOT_PUBLISHED" and got.reasons == plan.classes[OPEN.class_id].reasons


async def test_null_is_told_apart_from_withheld(asked: Asked) -> None:
    got = asked.planner.redact(await asked.plan(), OPEN.class_id, {})
    assert got.withheld == (await asked.redact(OPEN)).withheld
    assert got.fields and set(got.fields.values()) == {None}


async def test_nothing_leaves_of_a_class_that_is_not_visible(asked: Asked) -> None:
    assert await asked.redact(HIDDEN) == Disclosed({}, {}, ("DENY_EXPIRED",))


async def test_nothing_leaves_of_a_class_the_plan_does_not_know(asked: Asked) -> None:
    got = await asked.redact(replace(OPEN, owner="nobody"))
    assert (got.fields, got.withheld) == ({}, {}) and got.reasons
