"""What every decider keeps to: the one in memory and the real OPA."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from databus.errors import PolicyUnavailable
from databus.policy.opa import OpaDecider
from databus.ports import Decider
from databus.testing.decider import recorded
from disclosure.matrix import ANSWERS, cases
from policy_engine import TOKEN, running_opa

CASES = cases()


@pytest.fixture(params=["memory", pytest.param("opa", marks=pytest.mark.live)])
async def decider(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Decider]:
    if request.param == "memory":
        yield recorded(ANSWERS)
        return
    with running_opa(tmp_path / "bundle") as opa:
        async with OpaDecider(opa.url, TOKEN, 5.0) as real:
            yield real


async def test_it_answers_for_every_class_at_once(decider: Decider) -> None:
    question = CASES[0].question
    classes = tuple({case.known for case in CASES if replace(case.question, classes=()) == replace(question, classes=())})
    assert len(classes) > 5
    _, plans = await decider.decide(replace(question, classes=classes))
    assert set(plans) == {known.class_id for known in classes}


async def test_the_same_question_has_the_same_answer(decider: Decider) -> None:
    assert await decider.decide(CASES[0].question) == await decider.decide(CASES[0].question)


async def test_it_tells_its_revision_even_without_classes(decider: Decider) -> None:
    revision, plans = await decider.decide(replace(CASES[0].question, classes=()))
    assert revision and not plans
    assert revision == (await decider.decide(CASES[0].question))[0]


async def test_what_is_not_visible_names_no_field(decider: Decider) -> None:
    for case in CASES:
        _, plans = await decider.decide(case.question)
        plan = plans[case.known.class_id]
        assert plan.reasons
        assert plan.visible or not plan.fields


async def test_a_recorder_refuses_what_it_never_heard() -> None:
    question = replace(CASES[0].question, purpose="P16")
    with pytest.raises(PolicyUnavailable):
        await recorded(ANSWERS).decide(question)
    memory = recorded(ANSWERS)
    memory.away = True
    with pytest.raises(PolicyUnavailable):
        await memory.decide(CASES[0].question)
