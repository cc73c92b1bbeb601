"""Every kind of reader is asked for as it would ask itself: with a purpose its role may state, and a permit that covers all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
import yaml

from databus.contract import catalogue
from databus.model.disclosure import Action, ClassPlan, FieldRule, Question, Role
from databus.model.labels import Commercial, LabelClass, Privacy, Publication, Standing, SubjectKind
from databus.policy.foresight import foreseen, readers
from databus.settings import CHECKOUT

DAY = date(2026, 11, 23)
LABEL = LabelClass(
    "ADMIN_PENALTY", SubjectKind.ORGANISATION, Publication.PUBLIC, Commercial.NONE, Privacy.NONE, Standing.SHOWN, owner="emergency"
)


class Asked:
    """Remembers the questions; lets everybody see two fields, one of them masked."""

    def __init__(self) -> None:
        self.questions: list[Question] = []

    async def decide(self, question: Question) -> tuple[str, Mapping[int, ClassPlan]]:
        self.questions.append(question)
        rules = {"doc_no": FieldRule(Action.KEEP), "decided_at": FieldRule(Action.MASK, "name", "MASKED_PERSONAL")}
        return "r1", {label.class_id: ClassPlan(True, ("OK",), rules) for label in question.classes}


async def test_each_reader_is_one_question_over_all_classes_and_its_answer_fits_the_contract() -> None:
    decider, contract = Asked(), catalogue.load(CHECKOUT / "schemas")
    seen = await foreseen((LABEL,), readers("emergency"), decider=decider, contract=contract, day=DAY)
    assert list(seen) == [reader.name for reader in readers("emergency")] and len(decider.questions) == len(seen)
    plan = seen["public"][LABEL.class_id]
    assert plan.fields["doc_no"].action is Action.KEEP
    # Only text is masked, and what policy does not name is withheld.
    assert plan.fields["decided_at"].action is Action.DROP and plan.fields["remark"].action is Action.DROP
    assert set(plan.fields) == set(contract.types["ADMIN_PENALTY"].leaves)


@pytest.mark.parametrize("reader", readers("emergency"), ids=lambda reader: reader.name)
def test_a_reader_states_a_purpose_its_role_may_state(reader: object) -> None:
    allowed = yaml.safe_load((CHECKOUT / "policies" / "databus" / "purposes" / "data.yaml").read_text("utf-8"))
    assert not reader.purpose or reader.caller.role.value in allowed[reader.purpose]["roles"]  # type: ignore[attr-defined]


async def test_permits_hold_on_the_day_for_whoever_asks() -> None:
    decider = Asked()
    await foreseen((LABEL,), readers("emergency"), decider=decider, contract=catalogue.load(CHECKOUT / "schemas"), day=DAY)
    permits = {question.caller.role: question.permit for question in decider.questions if question.permit is not None}
    assert set(permits) == {Role.AGENCY, Role.DEPARTMENT}
    for question in decider.questions:
        if question.permit is not None:
            assert question.relation == "permit" and question.permit.grantee == question.caller.organisation
            assert question.permit.valid_from <= DAY <= question.permit.valid_to and question.purpose in question.permit.purposes
    owner = next(question for question in decider.questions if question.relation == "owner")
    assert owner.caller.organisation == "emergency"
