"""The checks of a whole entry, and what is said when they begin to fail and when they no longer do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from databus.contract.catalogue import Contract
from databus.contract.entries import Check
from databus.model.finding import Answer, Finding, FindingStatus, Verdict
from databus.quality import batch
from databus.quality.batch import Lapse
from databus.store.measures import Delivered, Filled, Measures, OpenLapse
from quality.daily import CODE, ENDED_COPY, FAILS, PASSES, TODAY, Case, copy

LAPSE = Lapse("DQ-COM-03", CODE, "legal_rep_name", observed="1 / 100 (1.0%)", expected="≥ 60%")


@pytest.mark.parametrize("case", FAILS, ids=str)
def test_check_fails(contract: Contract, case: Case) -> None:
    (lapse,) = case.asked(contract)
    assert lapse.rule == case.rule and lapse.expected


@pytest.mark.parametrize("case", PASSES, ids=str)
def test_check_passes(contract: Contract, case: Case) -> None:
    assert not list(case.asked(contract))


@pytest.mark.parametrize(("ended", "fails"), ENDED_COPY)
def test_a_copy_is_withdrawn_within_three_working_days(contract: Contract, ended: date, fails: bool) -> None:
    assert [lapse.rule for lapse in copy(ended)(contract)] == (["DQ-TIM-03"] if fails else [])


def test_an_entry_asks_of_its_fields_what_its_type_does_unless_it_says_otherwise(contract: Contract) -> None:
    penalty = contract.types["ADMIN_PENALTY"]
    typed = replace(penalty, checks=(Check("DQ-COM-03", "remark", {"target": 0.5}), Check("DQ-COM-03", "severity", {"target": 0.1})))
    entry = replace(
        contract.entries[CODE], dq_profile=(Check("DQ-COM-03", "remark", {"target": 0.9}), Check("DQ-COM-03", "severity", {"off": True}))
    )
    told = replace(contract, types={**contract.types, "ADMIN_PENALTY": typed}, entries={**contract.entries, CODE: entry})
    assert [(check.field, check.params) for check in batch.targets(entry, told)] == [("remark", {"target": 0.9})]
    assert {check.field for check in batch.targets(contract.entries["307003/000004"], told)} == {"remark", "severity"}


def test_what_begins_to_fail_is_told_once_with_all_that_helps(contract: Contract) -> None:
    (one,) = batch.told([LAPSE], [], contract, today=TODAY, at=5)
    assert isinstance(one, Finding)
    assert (one.department, one.rule, one.verdict, one.field, one.record_type) == (
        "emergency",
        "DQ-COM-03",
        Verdict.WARN,
        "legal_rep_name",
        "ADMIN_PENALTY",
    )
    assert one.message_zh.startswith("法定代表人") and one.suggestion and one.issued_at == 5
    assert batch.told([LAPSE], [], contract, today=TODAY, at=9)[0].finding_id == one.finding_id  # type: ignore[union-attr]
    known = OpenLapse(one.finding_id, one.department, one.rule, one.catalog_code, one.field, one.record_key)
    assert batch.told([LAPSE], [known], contract, today=TODAY + timedelta(days=1), at=9) == []


def test_what_no_longer_fails_is_answered(contract: Contract) -> None:
    known = OpenLapse("f", "emergency", "DQ-COM-03", CODE, "legal_rep_name", "")
    assert batch.told([], [known], contract, today=TODAY, at=5) == [Answer("f", "emergency", FindingStatus.FIXED, by="calendar", at=5)]


def test_everything_counted_is_judged(contract: Contract) -> None:
    kind = replace(contract.types["ADMIN_PENALTY"], checks=(Check("DQ-COM-03", "remark", {"target": 0.5}),))
    told = replace(contract, types={**contract.types, kind.name: kind})
    found = Measures(filled=(Filled(CODE, "remark", 1, 100),), runs=(), delivered=(Delivered(CODE, date(2026, 1, 1)),), copies=())
    assert [lapse.rule for lapse in batch.lapses(told, TODAY, found)] == ["DQ-COM-03", "DQ-TIM-02"]
