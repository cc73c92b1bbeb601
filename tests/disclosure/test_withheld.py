"""What is withheld of a type is told from a few classes, and no record of any class may give a reason that they do not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from databus.contract.classes import possible
from databus.model.labels import Commercial, LabelClass, Privacy, Publication, Standing, SubjectKind
from databus.policy.opa import OpaDecider
from disclosure.matrix import cases
from policy_engine import TOKEN, contract, running_opa

pytestmark = pytest.mark.live

FIRST = "1 organisation, published: "
ASKERS = {case.name.removeprefix(FIRST): case.question for case in cases() if case.name.startswith(FIRST)}
TYPE, OTHER = "ADMIN_LICENCE", "transport"
FLAGS = ((), ("work_secret",), ("unverified",), ("objection",), ("light",))


def everything() -> list[LabelClass]:
    """Every class a record of one type can have."""
    labels = list(product(SubjectKind, Publication, Commercial, Privacy, Standing))
    plain = [LabelClass(TYPE, *one, OTHER) for one in labels]
    open_one = plain[0]
    return [*plain, *(replace(open_one, flags=flags) for flags in FLAGS), replace(open_one, narrowed=("content",))]


async def test_no_record_is_withheld_for_a_reason_that_its_type_does_not_tell(tmp_path: Path) -> None:
    table = [one for one in possible(contract()) if one.record_type == TYPE]
    with running_opa(tmp_path / "bundle") as opa:
        async with OpaDecider(opa.url, TOKEN, 30.0) as decider:
            for name, question in ASKERS.items():
                if question.caller.organisation == OTHER:
                    continue
                _, plans = await decider.decide(replace(question, classes=(*everything(), *table)))

                def reasons(classes: Collection[LabelClass]) -> set[str]:
                    hidden = [plans[one.class_id] for one in classes if not plans[one.class_id].visible]  # noqa: B023 - used at once
                    return {reason for plan in hidden for reason in plan.reasons}

                assert reasons(table), f"{name} is told of nothing that is kept back"
                assert reasons(everything()) <= reasons(table), name
