"""The list of rules (schemas/codes/dq_rule.yaml) against what is shown of them: each has a case that breaks it and one that does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from databus.contract.catalogue import Contract
from quality import cases, daily, whole

Sides = tuple[Iterable[str], Iterable[str]]
SHOWN: dict[str, Sides] = {
    "submission": ((case.rule for case in cases.FAILS), (case.rule for case in cases.PASSES)),
    "batch": ((case.rule for case in daily.FAILS), (case.rule for case in daily.PASSES)),
    "profile": ((case.rule for case in whole.FAILS), (case.rule for case in whole.PASSES)),
}
SHOWN = {level: (set(fails), set(passes)) for level, (fails, passes) in SHOWN.items()}


def lacking(contract: Contract) -> Iterator[str]:
    """What of the list is not shown by cases of its level."""
    for row in contract.codes.rows("dq_rule"):
        fails, passes = SHOWN[row.more["level"]]
        if row.code not in fails:
            yield f"{row.code} has no case that fails"
        if row.code not in passes:
            yield f"{row.code} has no case that passes"


def test_every_rule_has_a_case_that_fails_and_one_that_passes(contract: Contract) -> None:
    assert not list(lacking(contract))


def test_a_rule_without_both_would_be_noticed(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    fails, passes = SHOWN["submission"]
    monkeypatch.setitem(SHOWN, "submission", (set(fails) - {"DQ-ACC-01"}, set(passes) - {"DQ-TIM-01"}))
    assert list(lacking(contract)) == ["DQ-ACC-01 has no case that fails", "DQ-TIM-01 has no case that passes"]


def test_no_case_is_of_a_rule_that_is_not_listed(contract: Contract) -> None:
    listed = {row.code for row in contract.codes.rows("dq_rule")}
    assert {rule for sides in SHOWN.values() for side in sides for rule in side} <= listed


def test_every_rule_tells_what_to_do(contract: Contract) -> None:
    for row in contract.codes.rows("dq_rule"):
        assert row.zh and row.en and row.more["verdict"] in ("R", "H", "W", "-"), row.code
        assert row.more["verdict"] == "-" or (row.more["fix_zh"] and row.more["fix_en"]), row.code
