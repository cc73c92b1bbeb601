"""The checks of one submission: each rule's cases, and what the table of rules refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.contract.entries import Check
from databus.errors import BadContract
from databus.model.finding import Verdict
from databus.quality.rules import ALWAYS, RULES
from quality.cases import ABNORMAL, FAILS, LICENCE, PASSES, PENALTY, REGISTRATION, Case
from quality.inbox import Inbox


@pytest.mark.parametrize("case", FAILS, ids=str)
def test_check_fails(inbox: Inbox, case: Case) -> None:
    seen = case.seen(inbox)
    finding = next((found for found in seen.findings if (found.rule, found.field) == (case.rule, case.field)), None)
    assert finding is not None, [(found.rule, found.field) for found in seen.findings]
    assert finding.message_zh and finding.message_en and finding.expected
    stopped = any(found.verdict in (Verdict.REJECT, Verdict.HOLD) for found in seen.findings)
    kept = 0 if case.rule == "DQ-SEC-01" else 1
    assert (len(seen.events), len(seen.sealed)) == ((0, kept) if stopped else (1, 0))


@pytest.mark.parametrize("case", PASSES, ids=str)
def test_check_passes(inbox: Inbox, case: Case) -> None:
    seen = case.seen(inbox)
    assert case.rule not in seen.rules, [(found.rule, found.field, found.observed) for found in seen.findings]


@pytest.mark.parametrize("record_type", [PENALTY, LICENCE, REGISTRATION, ABNORMAL])
def test_the_shipped_example_is_accepted_without_a_word(inbox: Inbox, record_type: str) -> None:
    seen = inbox.send(record_type)
    assert seen.event.body == inbox.encoded(record_type)
    assert not seen.findings


def test_a_late_report_tells_the_day_that_was_told_and_when_it_should_have_come(inbox: Inbox) -> None:
    case = next(case for case in FAILS if case.rule == "DQ-TIM-01")
    [late] = [found for found in case.seen(inbox).findings if found.rule == case.rule]
    assert late.observed == case.changes[case.field].isoformat()
    assert f"working days after {late.observed}; it came on " in late.expected


def test_a_foreign_department_breaks_the_source_alone(inbox: Inbox) -> None:
    assert inbox.send(PENALTY, department="ecology").rules == {"DQ-SRC-01"}
    assert inbox.send(REGISTRATION, department="ecology").rules == {"DQ-SRC-01", "DQ-SRC-02"}


def test_the_table_holds_every_rule_of_one_submission(contract: Contract) -> None:
    """The rest are found before there is a content to ask: undecodable, refused, misplaced."""
    before = {"DQ-FMT-01", "DQ-FMT-02", "DQ-FMT-03", "DQ-SEC-01", "DQ-KEY-01"}
    told = {row.code for row in contract.codes.rows("dq_rule") if row.more["level"] == "submission"}
    assert told == {*RULES, *(check.rule for _, check in ALWAYS), *before}


def test_a_type_that_asks_for_a_rule_nobody_answers_is_a_bad_contract(contract: Contract, codec: Codec) -> None:
    record_type = contract.types[ABNORMAL]
    asking = replace(record_type, checks=(*record_type.checks, Check("DQ-CONS-01", "uscc", {})))
    with pytest.raises(BadContract, match="DQ-CONS-01"):
        Inbox(replace(contract, types={**contract.types, ABNORMAL: asking}), codec)


def test_only_the_entry_that_says_so_is_asked_otherwise(contract: Contract, codec: Codec, inbox: Inbox) -> None:
    case = next(case for case in PASSES if case.entry.get("dq_profile"))
    assert "DQ-ACC-09" in inbox.send(PENALTY, case.changes).rules
    other = {**case.changes, "envelope.catalog_code": "307003/000004"}
    assert "DQ-ACC-09" in replace(case, rule="DQ-ACC-09", changes=other, how={"department": "ecology"}).seen(inbox).rules
