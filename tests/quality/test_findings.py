"""Findings help the department and give nobody away."""

from __future__ import annotations

from typing import Any

import pytest

from databus.contract.catalogue import Contract
from databus.model.finding import Verdict
from databus.model.keys import derived_id
from databus.quality.findings import better
from quality.inbox import RECEIVED, Inbox

PENALTY = "ADMIN_PENALTY"
ID = "220000190001010018"
PERSON: dict[str, Any] = {
    "envelope.subject.kind": "PERSON",
    "envelope.subject.uscc": None,
    "envelope.subject.id_type": "RIC",
    "envelope.subject.id_number": ID,
    "uscc": None,
    "counterparty_kind": "NATURAL_PERSON",
    "person_id_type": "RIC",
    "person_id_no": ID,
    "procedure": "02",
}


def test_a_finding_says_what_stood_where_and_what_would_pass(inbox: Inbox) -> None:
    changes = {"uscc": "9122O102YYYY000207", "envelope.subject.uscc": "9122O102YYYY000207"}
    fixes = "0191e0a0-0000-7000-8000-00000000000f"
    finding = inbox.send(PENALTY, changes, headers=(("databus-fixes", fixes.encode()),)).finding("DQ-ACC-03")
    assert (finding.field, finding.observed, finding.suggestion) == ("uscc", "9122O102YYYY000207", "91220102YYYY000207")
    assert (finding.department, finding.record_type, finding.catalog_code) == ("emergency", PENALTY, "307004/000004")
    assert finding.verdict is Verdict.REJECT
    assert finding.finding_id == derived_id("finding", derived_id("event", "in.emergency", 1, 7), "DQ-ACC-03", "uscc")
    assert (finding.issued_at, finding.status, finding.fixes) == (RECEIVED, "ISSUED", fixes)
    assert "统一社会信用代码" in finding.message_zh and "credit code" in finding.message_en
    assert finding.record_key.startswith("ADMIN_PENALTY|11220000YYYX00046F|")


def test_a_code_list_value_gets_a_suggestion(inbox: Inbox) -> None:
    assert inbox.send(PENALTY, {"procedure": "简易"}).finding("DQ-ACC-06").suggestion == "01"


def test_a_remedy_is_read_in_one_language_and_a_value_as_it_is(inbox: Inbox, contract: Contract) -> None:
    general, value = (inbox.send(PENALTY, {"procedure": code}).finding("DQ-ACC-06").suggestion for code in ("9X", "简易"))
    assert better("DQ-ACC-06", general, "en", contract) == "use a code of the list"
    assert better("DQ-ACC-06", general, "zh", contract) == "使用代码表中的代码"
    assert better("DQ-ACC-06", value, "en", contract) == "01"


def test_one_finding_per_rule_and_field(inbox: Inbox) -> None:
    seen = inbox.send(PENALTY, {"penalty_kinds": ["A", "B"], "uscc": "91220102YYYY000208", "envelope.subject.uscc": "91220102YYYY000208"})
    assert sorted((finding.rule, finding.field) for finding in seen.findings) == [("DQ-ACC-01", "uscc"), ("DQ-ACC-06", "penalty_kinds")]


@pytest.mark.parametrize(
    ("changes", "rule", "hidden"),
    [
        ({"legal_rep_id_type": "RIC", "legal_rep_id_no": "220000190001010019"}, "DQ-ACC-04", "220000190001010019"),
        (PERSON | dict.fromkeys(("person_id_no", "envelope.subject.id_number"), "22000019000101001"), "DQ-ACC-04", "22000019000101001"),
        ({"violation_facts": f"当事人{ID}"}, "DQ-SEC-02", ID),
        ({"violation_facts": "电话13912345678"}, "DQ-SEC-02", "13912345678"),
        ({"reg_no": ID}, "DQ-SEC-02", ID),
        ({"reg_no": ID}, "DQ-ACC-05", ID),
        ({"uscc": ID, "envelope.subject.uscc": ID}, "DQ-ACC-01", ID[:17]),
        (PERSON | {"counterparty_name": "欧阳样" + "本" * 200}, "DQ-FMT-04", "欧阳"),
        (PERSON | {"envelope.subject.name": "欧阳样" + "本" * 200}, "DQ-FMT-04", "欧阳"),
        ({"doc_no": f"吉应急罚〔2026〕{ID}号" + "0" * 64}, "DQ-FMT-04", ID),
        ({"envelope.catalog_code": ID}, "DQ-CAT-01", ID),
    ],
)
def test_no_persons_number_or_name_is_repeated(inbox: Inbox, changes: dict[str, Any], rule: str, hidden: str) -> None:
    seen = inbox.send(PENALTY, changes, key=b"k")
    found = [finding for finding in seen.findings if finding.rule == rule]
    assert found and "*" in found[0].observed
    told = " ".join(repr(finding) for finding in seen.findings)
    assert hidden not in told and hidden.encode() not in seen.bytes


def test_an_observed_value_is_cut(inbox: Inbox) -> None:
    assert len(inbox.send(PENALTY, {"remark": "长" * 5000}).finding("DQ-FMT-04").observed) == 120


def test_an_ordinary_name_and_address_of_a_company_are_shown(inbox: Inbox) -> None:
    assert inbox.send(PENALTY, {"counterparty_name": "某" * 201}).finding("DQ-FMT-04").observed == "某" * 120
