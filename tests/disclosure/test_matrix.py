"""The disclosure matrix: on the recorded answers in memory, and on the real OPA, which the recordings must match."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from databus.model.disclosure import ClassPlan
from databus.policy import bundle
from databus.policy.opa import OpaDecider
from databus.ports import Decider
from databus.testing.decider import recorded
from disclosure.matrix import ANSWERS, Case, cases, seen
from policy_engine import POLICIES, TOKEN, RunningOpa, contract, running_opa

CASES = {case.name: case for case in cases()}


@pytest.fixture(scope="module")
def opa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOpa]:
    with running_opa(tmp_path_factory.mktemp("opa") / "bundle") as running:
        yield running


def test_cases_have_names_of_their_own() -> None:
    assert len(CASES) == len(cases())


@pytest.mark.parametrize("name", CASES)
async def test_the_recorded_answer_is_what_the_law_says(name: str) -> None:
    hold(CASES[name], await verdict(recorded(ANSWERS), CASES[name]))


@pytest.mark.live
async def test_opa_says_what_the_law_says(opa: RunningOpa) -> None:
    async with OpaDecider(opa.url, TOKEN, 5.0) as decider:
        for case in CASES.values():
            hold(case, await verdict(decider, case))


@pytest.mark.live
async def test_the_recordings_are_what_opa_says(opa: RunningOpa) -> None:
    memory = recorded(ANSWERS)
    async with OpaDecider(opa.url, TOKEN, 5.0) as decider:
        for case in CASES.values():
            assert await memory.decide(case.question) == await decider.decide(case.question), case.name


def test_the_recordings_are_of_this_policy() -> None:
    now = bundle.revision(POLICIES, contract())
    assert recorded(ANSWERS).revision == now, "policies or labels have changed: PYTHONPATH=tests python tests/disclosure/record.py"


async def verdict(decider: Decider, case: Case) -> ClassPlan:
    _, plans = await decider.decide(case.question)
    return plans[case.known.class_id]


def hold(case: Case, plan: ClassPlan) -> None:
    assert plan.visible == case.visible, (case.name, plan.reasons)
    if case.reasons is not None:
        assert plan.reasons == case.reasons, case.name
    if case.visible:
        assert {name: seen(plan, name) for name in case.fields} == case.fields, case.name
    else:
        assert plan.fields == {}, case.name
