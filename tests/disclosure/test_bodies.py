"""One licence narrowed to AUTHORISED, asked for by five callers: three different bodies, five different explanations."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from databus.model.disclosure import Disclosed
from databus.policy.plans import Plans
from databus.testing.decider import recorded
from disclosure.matrix import ANSWERS, Case, cases
from policy_engine import contract

NOON = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
LICENCE = {
    "counterparty_name": "吉林省样例有限公司",
    "doc_no": "吉样许〔2026〕1号",
    "content": "食品经营",
    "licence_no": None,
    "remark": "内部",
}
ASKED = {
    "public": "an authorised licence for the public",
    "department": "an authorised licence for a department with its purpose",
    "department without purpose": "an authorised licence for a department that states no purpose",
    "agency with consent": "items bound a consent",
    "agency without": "an authorised licence for an agency without consent",
}


async def disclosed(case: Case) -> Disclosed:
    async def classes() -> tuple:
        return case.question.classes

    plans = Plans(recorded(ANSWERS), classes=classes, contract=contract(), clock=lambda: NOON, seconds=60)
    question = case.question
    plan = await plans.plan(question.caller, purpose=question.purpose, relation=question.relation, permit=question.permit)
    return plans.redact(plan, case.known.class_id, LICENCE)


async def test_three_bodies_and_five_explanations() -> None:
    by_name = {case.name: case for case in cases()}
    answers = {who: await disclosed(by_name[name]) for who, name in ASKED.items()}
    bodies = {repr(sorted(answer.fields.items())) for answer in answers.values()}
    explanations = {(answer.reasons, tuple(sorted(answer.withheld.items()))) for answer in answers.values()}
    assert len(bodies) == 3
    assert len(explanations) == 5


async def test_null_is_told_apart_from_withheld() -> None:
    by_name = {case.name: case for case in cases()}
    answer = await disclosed(by_name[ASKED["department"]])
    assert answer.fields["licence_no"] is None and "licence_no" not in answer.withheld
    assert "remark" not in answer.fields and answer.withheld["remark"] == "DENY_NOT_PUBLISHED"


async def test_a_refused_caller_learns_no_field_and_no_value() -> None:
    by_name = {case.name: case for case in cases()}
    answer = await disclosed(by_name[ASKED["public"]])
    assert answer == Disclosed({}, {}, ("DENY_NOT_PUBLISHED",))
