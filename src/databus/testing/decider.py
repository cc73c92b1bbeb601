"""A decider in memory that repeats what OPA said: recorded class by class, held against OPA by the port's suite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from databus.errors import PolicyUnavailable
from databus.model.disclosure import ClassPlan, Question
from databus.model.labels import LabelClass
from databus.policy import verdicts
from databus.policy.question import as_input, digest
from databus.ports import Decider


@dataclass
class RecordedDecider:
    """`ports.Decider` over recorded answers; a question nobody recorded is refused. `away` makes it fail as a lost OPA does."""

    revision: str
    answers: Mapping[str, Mapping[str, Any]]
    away: bool = False
    asked: list[Question] = field(default_factory=list)

    async def decide(self, question: Question) -> tuple[str, Mapping[int, ClassPlan]]:
        """What OPA said of these classes."""
        self.asked.append(question)
        if self.away:
            raise PolicyUnavailable("OPA gave no answer", cause="ClientConnectorError")
        found = {str(known.class_id): self.answers.get(_key(question, known)) for known in question.classes}
        if None in found.values():
            raise PolicyUnavailable("nobody recorded an answer to this question; see tests/disclosure/record.py", cause="undefined")
        return self.revision, verdicts.read(found, {known.class_id for known in question.classes})


def recorded(path: Path) -> RecordedDecider:
    """The answers in a file written with `record`."""
    content = json.loads(path.read_text("utf-8"))
    return RecordedDecider(content["revision"], {key: content["verdicts"][number] for key, number in content["answers"].items()})


async def record(decider: Decider, questions: Iterable[Question]) -> str:
    """Ask the decider; its answers as a text that `recorded` reads from a file, each different verdict once.

    Raises:
        PolicyUnavailable: it gave none.
    """
    numbers: dict[str, int] = {}
    answers: dict[str, int] = {}
    revision = ""
    for question in questions:
        revision, plans = await decider.decide(question)
        for known in question.classes:
            verdict = json.dumps(_plain(plans[known.class_id]), ensure_ascii=False, sort_keys=True)
            answers[_key(question, known)] = numbers.setdefault(verdict, len(numbers))
    content = {"revision": revision, "verdicts": [json.loads(verdict) for verdict in numbers], "answers": dict(sorted(answers.items()))}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace('{"fields"', '\n{"fields"') + "\n"


def _key(question: Question, known: LabelClass) -> str:
    return digest(as_input(replace(question, classes=(known,))))


def _plain(plan: ClassPlan) -> dict[str, Any]:
    fields = {name: {"action": rule.action.value, "mask": rule.mask, "reason": rule.reason} for name, rule in plan.fields.items()}
    return {"visible": plan.visible, "reasons": list(plan.reasons), "fields": fields, "obligations": list(plan.obligations)}
