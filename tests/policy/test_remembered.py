"""One errand asks about each class once, and never mixes two policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from databus.errors import PolicyUnavailable
from databus.model.disclosure import ANONYMOUS, ClassPlan, Question
from databus.model.labels import Commercial, LabelClass, Privacy, Publication, Standing, SubjectKind
from databus.policy.remembered import Remembered

FIRST = LabelClass("T", SubjectKind.ORGANISATION, Publication.PUBLIC, Commercial.NONE, Privacy.NONE, Standing.SHOWN, owner="d")
SECOND = replace(FIRST, standing=Standing.HIDDEN)


class Asked:
    def __init__(self) -> None:
        self.classes: list[tuple[str, tuple[LabelClass, ...]]] = []
        self.revision = "r1"

    async def decide(self, question: Question) -> tuple[str, Mapping[int, ClassPlan]]:
        self.classes.append((question.purpose, question.classes))
        return self.revision, {label.class_id: ClassPlan(True, (question.purpose,)) for label in question.classes}


def question(*classes: LabelClass, purpose: str = "P01") -> Question:
    return Question(ANONYMOUS, purpose, "none", None, date(2026, 11, 23), classes)


async def test_a_class_is_asked_about_once_per_caller_and_purpose() -> None:
    decider = Asked()
    remembered = Remembered(decider)
    await remembered.decide(question(FIRST))
    revision, plans = await remembered.decide(question(FIRST, SECOND))
    await remembered.decide(question(SECOND, FIRST))
    _, other = await remembered.decide(question(FIRST, purpose="P12"))
    assert decider.classes == [("P01", (FIRST,)), ("P01", (SECOND,)), ("P12", (FIRST,))]
    assert revision == "r1" and set(plans) == {FIRST.class_id, SECOND.class_id}
    assert other[FIRST.class_id].reasons == ("P12",)


async def test_two_policies_are_never_mixed() -> None:
    decider = Asked()
    remembered = Remembered(decider)
    await remembered.decide(question(FIRST))
    decider.revision = "r2"
    with pytest.raises(PolicyUnavailable, match="changed"):
        await remembered.decide(question(FIRST, SECOND))
