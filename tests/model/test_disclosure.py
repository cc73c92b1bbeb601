"""A plan as the store's row filter sees it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from databus.model.disclosure import ANONYMOUS, ClassPlan, Plan, Question, Role


def test_only_visible_classes_are_allowed() -> None:
    question = Question(ANONYMOUS, "", "none", None, date(2026, 6, 1), ())
    classes = {-5: ClassPlan(True, ("OK_PUBLIC",)), 7: ClassPlan(False, ("DENY_EXPIRED",)), 9: ClassPlan(True, ("OK_PUBLIC",))}
    plan = Plan("p", "r", question, classes, datetime(2026, 6, 1, tzinfo=UTC))
    assert plan.allowed == (-5, 9)


def test_anonymous_is_the_public_and_belongs_nowhere() -> None:
    assert (ANONYMOUS.role, ANONYMOUS.organisation) == (Role.PUBLIC, "")
