"""The hand-written matrix `cases.yaml` as questions and expectations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from databus.model.disclosure import Action, Caller, ClassPlan, Permit, Question, Role
from databus.model.labels import Commercial, LabelClass, Privacy, Publication, Standing, SubjectKind

FOLDER = Path(__file__).parent
ANSWERS = FOLDER / "answers.json"


@dataclass(frozen=True)
class Case:
    """One question about one class, and what a person who knows the law expects."""

    name: str
    question: Question
    visible: bool
    reasons: tuple[str, ...] | None
    fields: Mapping[str, str]

    @property
    def known(self) -> LabelClass:
        """The class asked about."""
        return self.question.classes[0]


def cases() -> tuple[Case, ...]:
    """Every cell of the table and every single case."""
    content = yaml.safe_load((FOLDER / "cases.yaml").read_text("utf-8"))
    return (*_table(content), *_single(content))


def seen(plan: ClassPlan, name: str) -> str:
    """What the verdict does to a field, in the words of `cases.yaml`."""
    rule = plan.fields[name]
    return {Action.KEEP: "KEEP", Action.MASK: f"MASK {rule.mask}", Action.DROP: rule.reason}[rule.action]


def _table(content: Mapping[str, Any]) -> Iterator[Case]:
    for row in content["table"]:
        for asker, cell in row["cells"].items():
            question = _question(content, asker, row.get("record", {}))
            watched = row.get("watch", content["watch"])
            if cell in ("F", "M"):
                expected = "KEEP" if cell == "F" else f"MASK {watched['mask']}"
                yield Case(f"{row['row']}: {asker}", question, True, None, {watched["field"]: expected})
            else:
                yield Case(f"{row['row']}: {asker}", question, False, (cell,), {})


def _single(content: Mapping[str, Any]) -> Iterator[Case]:
    for case in content["cases"]:
        question = _question(content, case["asker"], case.get("record", {}), case.get("permit", {}), case.get("purpose"))
        yield Case(case["name"], question, case["visible"], tuple(case["reasons"]), case.get("fields", {}))


def _question(
    content: Mapping[str, Any], asker: str, record: Mapping[str, Any], terms: Mapping[str, Any] | None = None, purpose: str | None = None
) -> Question:
    who = content["askers"][asker]
    permit = _permit({**content["permits"][who["permit"]], **(terms or {})}) if who.get("permit") else None
    caller = Caller(who["name"], Role(who["role"]), who.get("organisation", ""))
    stated = who.get("purpose", "") if purpose is None else purpose
    relation = "permit" if permit else who.get("relation", "none")
    return Question(caller, stated, relation, permit, content["day"], (_class({**content["record"], **record}),))


def _class(row: Mapping[str, Any]) -> LabelClass:
    labels = Publication(row["publication"]), Commercial(row["commercial"]), Privacy(row["privacy"]), Standing(row["standing"])
    kind = SubjectKind(row["subject_kind"])
    return LabelClass(row["record_type"], kind, *labels, row["owner"], tuple(row["narrowed"]), tuple(row["flags"]))


def _permit(row: Mapping[str, Any]) -> Permit:
    lists = {name: tuple(row.get(name, ())) for name in ("subjects", "record_types", "items", "purposes", "terms")}
    days = {name: row[name] for name in ("valid_from", "valid_to")}
    assert all(isinstance(day, date) for day in days.values())
    plain = {"permit_id": row["permit_id"], "version": 1, "kind": row["kind"], "grantee": row["grantee"], "legal_basis": "for tests"}
    return replace(Permit(**plain, **lists, **days), revoked=row.get("revoked", False))
