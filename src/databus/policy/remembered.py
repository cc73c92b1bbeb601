"""A decider that is asked about each class once, for as long as one errand takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from databus.errors import PolicyUnavailable
from databus.model.disclosure import ClassPlan, Question
from databus.ports import Decider


class Remembered:
    """`ports.Decider` over another. What it has been told holds until it is dropped, and is all of one revision."""

    def __init__(self, decider: Decider) -> None:
        self._decider = decider
        self._revision = ""
        self._known: dict[Question, dict[int, ClassPlan]] = {}

    async def decide(self, question: Question) -> tuple[str, Mapping[int, ClassPlan]]:
        """As `ports.Decider`; only what is new is asked.

        Raises:
            PolicyUnavailable: no answer; or another revision answers than before, and the two must not be mixed.
        """
        known = self._known.setdefault(replace(question, classes=()), {})
        new = tuple(label for label in question.classes if label.class_id not in known)
        if new or not self._revision:
            revision, answers = await self._decider.decide(replace(question, classes=new))
            if self._revision and revision != self._revision:
                raise PolicyUnavailable("the policy changed while it was asked", cause="changed")
            self._revision = revision
            known |= answers
        return self._revision, {label.class_id: known[label.class_id] for label in question.classes}
