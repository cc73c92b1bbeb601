"""Records inside a record: checked value by value, written alike, and named by the path of the part."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from databus.model.labels import Publication
from quality.inbox import Inbox

BATCH, COMPLAINT, REPORT, PERSON = "TRACE_BATCH", "COMPLAINT", "ANNUAL_REPORT", "NP_BASIC"
BUYER = "91220202YYYY000399"


def move(**changed: Any) -> dict[str, Any]:
    plain = {"from_uscc": "91220102YYYY000207", "to_uscc": BUYER, "to_division": "220202", "moved_on": date(2026, 9, 4), "doc_no": "L1"}
    return {**plain, **changed}


@pytest.mark.parametrize(
    ("wrong", "rule", "part"),
    [
        ({"to_uscc": "91220202YYYY000390"}, "DQ-ACC-01", "to_uscc"),
        ({"to_uscc": "9122O202YYYYO00399"}, "DQ-ACC-03", "to_uscc"),
        ({"to_division": "229999"}, "DQ-ACC-07", "to_division"),
        ({"moved_on": date(2026, 9, 30)}, "DQ-ACC-10", "moved_on"),
        ({"doc_no": "9" * 65}, "DQ-FMT-04", "doc_no"),
        ({"doc_no": "a\x00b"}, "DQ-FMT-04", "doc_no"),
    ],
)
def test_a_fault_in_a_record_is_named_by_its_path(inbox: Inbox, wrong: dict[str, Any], rule: str, part: str) -> None:
    seen = inbox.send(BATCH, {"movements": [move(), move(**wrong), move(**wrong)]})
    assert seen.finding(rule).field == f"movements.{part}", "once, however many records have it"
    assert seen.finding(rule).message_zh.startswith(inbox.contract.types[BATCH].leaves[f"movements.{part}"].zh)


def test_right_records_pass_and_are_written_alike(inbox: Inbox) -> None:
    seen = inbox.send(BATCH, {"movements": [move(to_uscc="91220202-yyyy000399", doc_no=" Ｌ１ ")]})
    assert not seen.findings
    (written,) = inbox.codec.decode(seen.event.body)[1]["payload"]["movements"]
    assert (written["to_uscc"], written["doc_no"]) == (BUYER, "L1")


def test_an_amount_below_nothing_in_a_record_is_held(inbox: Inbox) -> None:
    seen = inbox.send(BATCH, {"inputs": [{"batch_code": "I1", "quantity": Decimal("-1.000")}]})
    assert seen.finding("DQ-ACC-09").field == "inputs.quantity" and not seen.events


def test_more_records_than_anybody_needs_are_refused_at_once(inbox: Inbox) -> None:
    seen = inbox.send(BATCH, {"movements": [move(doc_no=None, to_uscc=None, from_uscc=None)] * 20_001})
    assert seen.finding("DQ-FMT-04").field == "movements"


def test_a_person_in_a_record_is_not_repeated_in_a_finding(inbox: Inbox) -> None:
    reporter = {"name": "样本丙" * 40, "phone": "10012345678", "anonymous": False, "keep_secret": True}
    finding = inbox.send(COMPLAINT, {"reporter": reporter}).finding("DQ-FMT-04")
    assert finding.field == "reporter.name" and "样本丙样本丙" not in finding.observed
    many = inbox.send(COMPLAINT, {"reporter": {**reporter, "name": "样本丙", "phone": "1" * 40}}).finding("DQ-FMT-04")
    assert many.field == "reporter.phone" and "1" * 10 not in many.observed


def test_a_number_of_a_person_in_a_published_part_is_held(inbox: Inbox) -> None:
    site = {"type": "SITE", "name": "220000190001010018", "url": "https://e1.example.cn"}
    assert inbox.send(REPORT, {"websites": [site]}).finding("DQ-SEC-02").field == "websites.name"


def test_a_field_made_for_a_persons_number_may_hold_it(inbox: Inbox) -> None:
    person = {
        "party_kind": "0", "uscc": None, "org_code": None, "legal_rep": None, "id_type": "RIC", "id_no": "220000190001010018",
        "name": "样本乙", "sex": "1", "age": 40, "envelope.subject.kind": "PERSON", "envelope.subject.name": "样本乙",
        "envelope.subject.uscc": None, "envelope.subject.id_type": "RIC", "envelope.subject.id_number": "220000190001010018",
    }  # fmt: skip
    seen = inbox.send("JUDGMENT_DEBTOR", person, key=b"own")
    assert seen.rules <= {"DQ-TIM-01"} and seen.event.labels.publication == Publication.PUBLIC


@pytest.mark.parametrize(
    ("record_type", "changes", "publication", "narrowed", "flags"),
    [
        ("TAX_CREDIT", {"level": "A"}, Publication.PUBLIC, (), ()),
        ("TAX_CREDIT", {"level": "M"}, Publication.AUTHORISED, (), ()),
        ("STAT_CREDIT_GRADE", {"grade": "GENERAL"}, Publication.GOV_SHARED, (), ()),
        ("SI_ARREARS", {"announced_on": None}, Publication.GOV_SHARED, (), ()),
        ("QUALITY_INSPECTION", {"disputed": True}, Publication.GOV_SHARED, (), ()),
        ("SOCIAL_COLLECTION", {"verification": "UNVERIFIED"}, Publication.AUTHORISED, (), ("unverified",)),
        ("SOCIAL_COLLECTION", {"verification": "CONFIRMED"}, Publication.AUTHORISED, (), ()),
        ("LP_CHANGE", {"personal": True}, Publication.PUBLIC, ("after:GOV_SHARED", "before:GOV_SHARED"), ()),
    ],
)
def test_a_record_says_itself_how_open_it_is(
    inbox: Inbox, record_type: str, changes: dict[str, Any], publication: Publication, narrowed: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    labels = inbox.send(record_type, changes).event.labels
    assert (labels.publication, labels.narrowed, labels.flags) == (publication, narrowed, flags)


def test_an_enterprise_chooses_item_by_item(inbox: Inbox) -> None:
    chosen = {"employees": True, "assets": False, "guarantees": True}
    narrowed = inbox.send(REPORT, {"field_publicity": chosen}).event.labels.narrowed
    assert "assets:AUTHORISED" in narrowed and "equity:AUTHORISED" in narrowed, "what it did not choose is not published"
    assert not {"employees:AUTHORISED", "guarantees:AUTHORISED"} & set(narrowed)


def test_an_end_says_nothing_about_how_open_its_record_is(inbox: Inbox) -> None:
    revoked = inbox.send("TAX_CREDIT", {"envelope.op": "REVOKE", "envelope.reason": "评价有误", "level": None}).event
    assert (revoked.labels.publication, revoked.labels.narrowed) == (Publication.PUBLIC, ())


def test_a_person_out_of_scope_is_not_collected(inbox: Inbox) -> None:
    assert inbox.send(PERSON, {"scope": "OTHER"}, key=b"own").finding("DQ-SCOPE-01").field == "scope"
    assert inbox.send(PERSON, key=b"own").event.record_key.startswith("NP_BASIC|")


def test_a_code_counts_from_the_day_it_came(inbox: Inbox) -> None:
    old = {"level": "M", "eval_date": date(2018, 3, 1), "valid_from": None, "valid_to": None, "envelope.decided_at": date(2018, 3, 1)}
    assert inbox.send("TAX_CREDIT", old).finding("DQ-ACC-06").field == "level"
    later = old | dict.fromkeys(("eval_date", "envelope.decided_at"), date(2018, 4, 2))
    assert "DQ-ACC-06" not in inbox.send("TAX_CREDIT", later).rules


def test_another_person_in_a_key_stands_there_as_a_hash(inbox: Inbox) -> None:
    person = {"id_type": "RIC", "id_number": "220000190001010018", "role": "DIRECTOR"}
    new, old = (inbox.send("LP_KEY_PERSON", person | {"id_number": number}).event for number in ("11010519491231002X", "110105491231002"))
    assert new.record_key == old.record_key, "the old form of a number is the same person"
    assert "1949" not in new.record_key and new.record_key != inbox.send("LP_KEY_PERSON", person).event.record_key
    unnumbered = inbox.send("LP_KEY_PERSON", {"id_type": None, "id_number": None, "person_name": "样本丁"}).event
    assert "样本丁" not in unnumbered.record_key


def test_two_changes_of_one_day_are_two_records(inbox: Inbox) -> None:
    keys = {inbox.send("LP_CHANGE", {"after": after}).event.record_key for after in ("甲", "乙", "乙 ")}
    assert len(keys) == 2 and all("乙" not in key for key in keys)
    assert inbox.send("LP_CHANGE", {"after": None}).finding("DQ-COM-01").field == "after"


def test_a_removal_is_not_late_because_the_entry_is_old(inbox: Inbox) -> None:
    listed = {"listed_on": date(2025, 3, 3), "decision_no": None, "envelope.decided_at": date(2025, 3, 3)}
    assert inbox.send("ABNORMAL_OPERATION", listed).rules == {"DQ-TIM-01"}
    assert not inbox.send("ABNORMAL_OPERATION", listed | {"removed_on": date(2026, 9, 8), "removal_reason": "已补报"}).rules
