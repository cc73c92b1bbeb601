"""Every check of domain 5.1 that one submission can answer: a case that passes and one that fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.contract.entries import Check
from databus.errors import BadContract
from databus.model.finding import Verdict
from databus.model.labels import Publication
from databus.quality.rules import ALWAYS, RULES
from quality.inbox import Inbox

PENALTY, LICENCE, REGISTRATION, ABNORMAL = "ADMIN_PENALTY", "ADMIN_LICENCE", "LP_REGISTRATION", "ABNORMAL_OPERATION"
PERSON = {
    "envelope.subject.kind": "PERSON",
    "envelope.subject.uscc": None,
    "envelope.subject.id_type": "RIC",
    "envelope.subject.id_number": "220000190001010018",
    "counterparty_kind": "NATURAL_PERSON",
    "uscc": None,
    "person_id_type": "RIC",
    "person_id_no": "220000190001010018",
    "procedure": "02",
}
BOTH = ("uscc", "envelope.subject.uscc")


def both(code: str) -> dict[str, Any]:
    return dict.fromkeys(BOTH, code)


FAILS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("DQ-FMT-04", "doc_no", PENALTY, {"doc_no": "吉" * 65}),
    ("DQ-FMT-04", "content", PENALTY, {"content": "罚款\x00元"}),
    ("DQ-FMT-04", "envelope.submission_id", PENALTY, {"envelope.submission_id": ""}),
    ("DQ-FMT-04", "envelope.note", PENALTY, {"envelope.note": "n" * 65}),
    ("DQ-FMT-04", "penalty_kinds", PENALTY, {"penalty_kinds": ["FINE"] * 20_001}),
    ("DQ-FMT-04", "penalty_kinds", PENALTY, {"penalty_kinds": ["FINE", "F" * 20_001]}),
    ("DQ-ACC-06", "envelope.op", PENALTY, {"envelope.op": "UNKNOWN"}),
    ("DQ-ACC-06", "envelope.subject.kind", PENALTY, {"envelope.subject.kind": "UNKNOWN"}),
    ("DQ-CAT-01", "envelope.catalog_code", PENALTY, {"envelope.catalog_code": "999999/000001"}),
    ("DQ-CAT-01", "envelope.catalog_code", PENALTY, {"envelope.catalog_code": "307004/000003"}),
    ("DQ-CAT-01", "envelope.catalog_code", PENALTY, {"envelope.decided_at": date(1990, 1, 1)}),
    ("DQ-CAT-01", "envelope.catalog_code", PENALTY, {"envelope.decided_at": None, "envelope.valid_from": date(1990, 1, 1)}),
    ("DQ-SCOPE-01", "procedure", PENALTY, {**PERSON, "procedure": "01"}),
    ("DQ-SEC-02", "violation_facts", PENALTY, {"violation_facts": "当事人（220000190001010018）拒不改正"}),
    ("DQ-SEC-02", "violation_facts", PENALTY, {"violation_facts": "身份证号２２００００１９０００１０１００１８"}),
    ("DQ-SEC-02", "violation_type", PENALTY, {"violation_type": "联系电话139 1234 5678"}),
    ("DQ-SEC-02", "content", PENALTY, {"content": "汇入账户 6222 0200 0000 0000 000 后结案"}),
    ("DQ-SEC-02", "reg_no", PENALTY, {"reg_no": "220000190001010018"}),
    ("DQ-COM-01", "doc_no", PENALTY, {"doc_no": None}),
    ("DQ-COM-01", "violation_type", PENALTY, {"violation_type": " 暂无 "}),
    ("DQ-COM-01", "violation_type", PENALTY, {"violation_type": "NULL"}),
    ("DQ-COM-01", "decided_at", PENALTY, {"decided_at": date(1900, 1, 1)}),
    ("DQ-COM-01", "penalty_kinds", PENALTY, {"penalty_kinds": []}),
    ("DQ-COM-01", "envelope.reason", PENALTY, {"envelope.op": "CORRECT"}),
    ("DQ-COM-01", "envelope.reason", PENALTY, {"envelope.op": "REVOKE"}),
    ("DQ-COM-01", "envelope.note", PENALTY, {"envelope.op": "ANNOTATE"}),
    ("DQ-COM-01", "list_entry_id", ABNORMAL, {"envelope.op": "REPAIR", "list_entry_id": None}),
    ("DQ-COM-01", "licence_no", LICENCE, {"doc_no": None, "licence_no": None}),
    ("DQ-COM-02", "uscc", PENALTY, both("") | {"envelope.subject.uscc": None, "uscc": None}),
    ("DQ-COM-02", "envelope.subject", PENALTY, {"envelope.subject.uscc": None}),
    ("DQ-COM-02", "envelope.subject", PENALTY, PERSON | {"envelope.subject.id_number": "无"}),
    ("DQ-ACC-01", "uscc", PENALTY, both("91220102YYYY000208")),
    ("DQ-ACC-01", "uscc", PENALTY, both("91350100M000100Y4")),
    ("DQ-ACC-01", "authority_uscc", PENALTY, {"authority_uscc": "11220000YYYX00046G"}),
    ("DQ-ACC-01", "envelope.subject.uscc", ABNORMAL, {"uscc": None, "envelope.subject.uscc": "91220102YYYY000208"}),
    ("DQ-ACC-02", "uscc", PENALTY, both("91220102YYYY00021A")),
    ("DQ-ACC-02", "org_code", PENALTY, {"org_code": "00296433A"}),
    ("DQ-ACC-03", "uscc", PENALTY, both("9122O102YYYY000207")),
    ("DQ-ACC-03", "uscc", PENALTY, both("９1220102YYYY000207")),
    ("DQ-ACC-03", "envelope.subject.uscc", ABNORMAL, {"uscc": None, "envelope.subject.uscc": "9122O102YYYY000207"}),
    ("DQ-ACC-04", "legal_rep_id_no", PENALTY, {"legal_rep_id_type": "RIC", "legal_rep_id_no": "220000190001010019"}),
    ("DQ-ACC-04", "legal_rep_id_no", PENALTY, {"legal_rep_id_type": "RIC", "legal_rep_id_no": "220000190013010018"}),
    ("DQ-ACC-04", "person_id_no", PENALTY, PERSON | dict.fromkeys(("person_id_no", "envelope.subject.id_number"), "220000190001010019")),
    ("DQ-ACC-05", "reg_no", PENALTY, {"reg_no": "110108000000015"}),
    ("DQ-ACC-06", "counterparty_kind", PENALTY, {"counterparty_kind": "MARTIAN"}),
    ("DQ-ACC-06", "penalty_kinds", PENALTY, {"penalty_kinds": ["FINE", "FLOGGING"]}),
    ("DQ-ACC-06", "envelope.subject.id_type", PENALTY, PERSON | {"envelope.subject.id_type": "MILITARY"}),
    ("DQ-ACC-06", "envelope.severity", PENALTY, {"envelope.severity": "TERRIBLE"}),
    ("DQ-ACC-07", "domicile_division", REGISTRATION, {"domicile_division": "220381"}),
    ("DQ-ACC-08", "doc_no", PENALTY, {"doc_no": "吉应急罚2026第7"}),
    ("DQ-ACC-08", "doc_no", PENALTY, {"doc_no": "吉应急罚〔2024〕7号"}),
    ("DQ-ACC-09", "fine_yuan", PENALTY, {"fine_yuan": Decimal("-1.00")}),
    ("DQ-ACC-09", "fine_yuan", PENALTY, {"fine_yuan": None}),
    ("DQ-ACC-09", "fine_yuan", PENALTY, {"fine_yuan": Decimal("100000000.01")}),
    ("DQ-ACC-09", "confiscated_10k_yuan", PENALTY, {"confiscated_10k_yuan": Decimal("10000.000001")}),
    ("DQ-ACC-10", "decided_at", PENALTY, {"decided_at": date(2026, 9, 11)}),
    ("DQ-ACC-10", "envelope.decided_at", ABNORMAL, {"envelope.decided_at": date(2026, 9, 11)}),
    ("DQ-ACC-10", "decided_at", PENALTY, {"declared_publicity_until": date(2026, 9, 2)}),
    ("DQ-ACC-10", "valid_from", LICENCE, {"valid_to": date(2026, 9, 1)}),
    ("DQ-ACC-10", "established_on", REGISTRATION, {"ended_on": date(2019, 3, 14)}),
    ("DQ-ACC-10", "envelope.valid_from", ABNORMAL, {"envelope.valid_from": date(2026, 9, 2), "envelope.valid_to": date(2026, 9, 1)}),
    ("DQ-TIM-01", "decided_at", PENALTY, {"decided_at": date(2026, 8, 31), "envelope.decided_at": date(2026, 8, 31)}),
    ("DQ-KEY-01", "uscc", PENALTY, {"uscc": "91220000YYYY00012A"}),
]

PASSES: list[tuple[str, str, dict[str, Any]]] = [
    ("DQ-FMT-04", PENALTY, {"doc_no": "吉" * 56 + "〔2026〕7号", "content": "罚款\n2000元"}),
    ("DQ-CAT-01", PENALTY, {"envelope.decided_at": date(1996, 10, 1)}),
    ("DQ-CAT-01", PENALTY, {"envelope.decided_at": None, "envelope.valid_from": None}),
    ("DQ-SCOPE-01", PENALTY, {"procedure": "01"}),
    ("DQ-SCOPE-01", PENALTY, PERSON),
    ("DQ-SEC-02", PENALTY, {"violation_facts": "许可证91220102YYYY000207，罚款2000元，举报电话0431-12345678，单号2026090312345678"}),
    ("DQ-SEC-02", PENALTY, {"violation_facts": "当事人（220000190001010018）", "envelope.publication_class": "AUTHORISED"}),
    ("DQ-SEC-03", PENALTY, {"envelope.publication_class": "GOV_SHARED"}),
    ("DQ-COM-01", PENALTY, {"reg_no": "无", "org_code": "——", "remark": "/"}),
    ("DQ-COM-01", PENALTY, {"envelope.op": "REPAIR", "content": None, "violation_facts": None, "fine_yuan": None}),
    ("DQ-COM-01", LICENCE, {"doc_no": None}),
    ("DQ-COM-01", LICENCE, {"licence_no": None}),
    ("DQ-COM-02", PENALTY, {"uscc": None, "reg_no": "220102000002026"}),
    ("DQ-ACC-01", PENALTY, both("91350100M000100Y43")),
    ("DQ-ACC-01", PENALTY, both("91220000YYYY010070")),
    ("DQ-ACC-01", PENALTY, both("N2220122YYYY001271")),
    ("DQ-ACC-01", PENALTY, both("Y1220000YYYY00143G")),
    ("DQ-ACC-01", PENALTY, both("G1220000YYYY00151R")),
    ("DQ-ACC-02", PENALTY, both("1133022500296433XT") | {"org_code": "00296433-X"}),
    ("DQ-ACC-02", PENALTY, {"org_code": "L07196379"}),
    ("DQ-ACC-03", PENALTY, both(" 91220102-yyyy000207 ")),
    ("DQ-ACC-04", PENALTY, {"legal_rep_id_type": "RIC", "legal_rep_id_no": "220102190001010016"}),
    ("DQ-ACC-04", PENALTY, {"legal_rep_id_type": "RIC", "legal_rep_id_no": "110105491231002"}),
    ("DQ-ACC-04", PENALTY, {"legal_rep_id_type": "PASSPORT", "legal_rep_id_no": "E00000000"}),
    ("DQ-ACC-05", PENALTY, {"reg_no": "110108000000016"}),
    ("DQ-ACC-05", PENALTY, {"reg_no": "2201020000020"}),
    ("DQ-ACC-06", PENALTY, {"penalty_kinds": ["FINE", "WARNING"], "procedure": None}),
    ("DQ-ACC-07", REGISTRATION, {"domicile_division": "220184001"}),
    ("DQ-ACC-07", REGISTRATION, {"domicile_division": "220381", "approved_on": date(2019, 9, 2), "envelope.decided_at": date(2019, 9, 2)}),
    ("DQ-ACC-08", PENALTY, {"doc_no": "吉应急罚[2026]第7号"}),
    ("DQ-ACC-08", PENALTY, {"doc_no": "吉应急罚（２０２５）7-1号"}),
    ("DQ-ACC-09", PENALTY, {"fine_yuan": Decimal("0.00")}),
    ("DQ-ACC-09", PENALTY, {"fine_yuan": None, "penalty_kinds": ["WARNING"]}),
    ("DQ-ACC-10", PENALTY, {"decided_at": date(2026, 9, 10), "envelope.decided_at": date(2026, 9, 10)}),
    ("DQ-ACC-10", LICENCE, {"valid_to": date(2026, 9, 2)}),
    ("DQ-TIM-01", PENALTY, {"decided_at": date(2026, 9, 1), "envelope.decided_at": date(2026, 9, 1)}),
    (
        "DQ-TIM-01",
        PENALTY,
        {
            "envelope.op": "CORRECT",
            "envelope.reason": "笔误",
            "decided_at": date(2026, 8, 31),
            "envelope.decided_at": date(2026, 8, 31),
        },
    ),
    ("DQ-KEY-01", PENALTY, {"envelope.subject.reg_no": "220102000002026"}),
]


@pytest.mark.parametrize(("rule", "field", "record_type", "changes"), FAILS, ids=lambda value: value if isinstance(value, str) else "")
def test_check_fails(inbox: Inbox, rule: str, field: str, record_type: str, changes: dict[str, Any]) -> None:
    seen = inbox.send(record_type, changes)
    finding = next((found for found in seen.findings if (found.rule, found.field) == (rule, field)), None)
    assert finding is not None, [(found.rule, found.field) for found in seen.findings]
    assert finding.message_zh and finding.message_en and finding.expected
    stopped = any(found.verdict in (Verdict.REJECT, Verdict.HOLD) for found in seen.findings)
    assert (len(seen.events), len(seen.sealed)) == ((0, 1) if stopped else (1, 0))


@pytest.mark.parametrize(("rule", "record_type", "changes"), PASSES, ids=lambda value: value if isinstance(value, str) else "")
def test_check_passes(inbox: Inbox, rule: str, record_type: str, changes: dict[str, Any]) -> None:
    seen = inbox.send(record_type, changes)
    assert rule not in seen.rules, [(found.rule, found.field, found.observed) for found in seen.findings]


@pytest.mark.parametrize("record_type", [PENALTY, LICENCE, REGISTRATION, ABNORMAL])
def test_the_shipped_example_is_accepted_without_a_word(inbox: Inbox, record_type: str) -> None:
    seen = inbox.send(record_type)
    assert seen.event.body == inbox.encoded(record_type)
    assert not seen.findings


def test_a_class_wider_than_the_entry_is_refused(contract: Contract, codec: Codec) -> None:
    entry = replace(contract.entries["307004/000004"], publication=Publication.AUTHORISED)
    narrow = Inbox(replace(contract, entries={**contract.entries, entry.code: entry}), codec)
    assert narrow.send(PENALTY).finding("DQ-SEC-03").suggestion == "AUTHORISED"
    assert narrow.send(PENALTY, {"envelope.publication_class": "GOV_SHARED"}).rules == {"DQ-SEC-03"}
    assert narrow.send(PENALTY, {"envelope.publication_class": "INTERNAL"}).event.labels.publication == Publication.INTERNAL


def test_only_listed_items_where_the_entry_lists_them(contract: Contract, codec: Codec) -> None:
    entry = contract.entries["307001/000005"]
    listing = replace(entry, raw={**entry.raw, "items": [name for name in contract.types[ABNORMAL].fields if name != "entry_reason_text"]})
    strict = Inbox(replace(contract, entries={**contract.entries, entry.code: listing}), codec)
    assert strict.send(ABNORMAL).finding("DQ-CAT-02").field == "entry_reason_text"
    assert strict.send(ABNORMAL, {"entry_reason_text": None}).event


def test_another_departments_entry_and_another_departments_type(inbox: Inbox) -> None:
    assert inbox.send(PENALTY, department="ecology").rules == {"DQ-SRC-01"}
    assert inbox.send(REGISTRATION, department="ecology").rules == {"DQ-SRC-01", "DQ-SRC-02"}
    assert "DQ-SRC-01" in inbox.send(PENALTY, department="nobody").rules


def test_every_rule_has_a_case_that_fails_and_one_that_passes() -> None:
    asked = {*RULES, *(check.rule for _, check in ALWAYS)}
    told = {"DQ-SRC-01", "DQ-SRC-02", "DQ-SEC-03", "DQ-CAT-02"}
    assert asked - told <= {case[0] for case in FAILS}
    assert asked - told <= {case[0] for case in PASSES} | {"DQ-SEC-03"}


def test_the_list_of_rules_knows_every_rule_we_issue(contract: Contract) -> None:
    issued = {*RULES, *(check.rule for _, check in ALWAYS), "DQ-FMT-01", "DQ-FMT-02", "DQ-FMT-03", "DQ-SEC-01", "DQ-KEY-01"}
    assert issued <= {row.code for row in contract.codes.rows("dq_rule")}


def test_a_type_that_asks_for_a_rule_nobody_answers_is_a_bad_contract(contract: Contract, codec: Codec) -> None:
    record_type = contract.types[ABNORMAL]
    asking = replace(record_type, checks=(*record_type.checks, Check("DQ-CONS-01", "uscc", {})))
    with pytest.raises(BadContract, match="DQ-CONS-01"):
        Inbox(replace(contract, types={**contract.types, ABNORMAL: asking}), codec)
