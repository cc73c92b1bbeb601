"""Keys of subjects and records: computable by anyone for organisations, by the platform alone for persons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.model import keys
from databus.model.keys import organisation_key, person_key
from quality.inbox import PLATFORM_KEY, Inbox

PERSON = {
    "envelope.subject.kind": "PERSON",
    "envelope.subject.name": "样本乙",
    "envelope.subject.uscc": None,
    "envelope.subject.id_type": "RIC",
    "envelope.subject.id_number": "220000190001010018",
    "counterparty_name": "样本乙",
    "counterparty_kind": "NATURAL_PERSON",
    "uscc": None,
    "person_id_type": "RIC",
    "person_id_no": "220000190001010018",
    "procedure": "02",
}
OLD = {"envelope.subject.uscc": None, "uscc": None}


def test_the_key_of_an_organisation_is_everybodys(inbox: Inbox) -> None:
    assert organisation_key("91220000YYYY00012A") == "6110536f-8564-52be-81eb-82a241949698"
    seen = inbox.send("ADMIN_PENALTY", {"uscc": "91220000YYYY00012A", "envelope.subject.uscc": "91220000YYYY00012A"})
    assert seen.event.subject_key == "6110536f-8564-52be-81eb-82a241949698"
    assert seen.outcome.outputs[0].route == b"6110536f-8564-52be-81eb-82a241949698"
    assert keys.unpack(seen.outcome.outputs[0].key or b"") == (seen.event.subject_key, seen.event.record_key, seen.event.event_id)


@pytest.mark.parametrize(
    ("codes", "scheme", "code"),
    [
        ({"reg_no": "220102000002026", "org_code": "L07196379", "tax_no": "220102L07196379"}, "CN-REG", "220102000002026"),
        ({"reg_no": "无", "org_code": "L0719637-9", "tax_no": "220102L07196379"}, "CN-ORG", "L07196379"),
        ({"tax_no": "220102l07196379"}, "CN-TAX", "220102L07196379"),
    ],
)
def test_the_best_code_known_makes_the_key(inbox: Inbox, codes: dict[str, str], scheme: str, code: str) -> None:
    changes = OLD | codes | {f"envelope.subject.{name}": value for name, value in codes.items()}
    event = inbox.send("ADMIN_PENALTY", changes).event
    assert event.subject_key == organisation_key(code, scheme=scheme)
    assert event.codes[scheme] == code and "CN-USCI" not in event.codes and "无" not in event.codes.values()


def test_a_household_whose_tax_number_is_its_operators_id_is_not_known_by_it(inbox: Inbox) -> None:
    changes = OLD | {
        "envelope.subject.kind": "HOUSEHOLD",
        "envelope.subject.tax_no": "220000190001010018",
        "tax_no": None,
        "reg_no": "220106600005059",
    }
    assert inbox.send("ADMIN_PENALTY", changes).rules >= {"DQ-COM-02"}
    event = inbox.send("ADMIN_PENALTY", changes | {"envelope.subject.reg_no": "220106600005059"}).event
    assert event.codes == {"CN-REG": "220106600005059"}


def test_a_person_has_a_secret_key_and_neither_name_nor_codes(inbox: Inbox) -> None:
    event = inbox.send("ADMIN_PENALTY", PERSON, key=b"whatever the department likes").event
    assert event.subject_key == person_key("RIC", "220000190001010018", secret=PLATFORM_KEY)
    assert (event.subject_name, event.codes) == ("", {})
    assert "220000190001010018" not in event.record_key


def test_an_old_number_and_its_new_form_are_one_person(inbox: Inbox) -> None:
    old = PERSON | {"envelope.subject.id_number": "110105491231002", "person_id_no": "11010519491231002X"}
    new = PERSON | {"envelope.subject.id_number": "11010519491231002x", "person_id_no": "110105491231002"}
    assert inbox.send("ADMIN_PENALTY", old).event.subject_key == inbox.send("ADMIN_PENALTY", new).event.subject_key


@pytest.mark.parametrize("key", [b"91220102YYYY000207", None, b"", organisation_key("91220000YYYY00012A").encode()])
def test_an_organisation_lies_under_its_own_key(inbox: Inbox, key: bytes | None) -> None:
    finding = inbox.send("ADMIN_PENALTY", key=key).finding("DQ-KEY-01")
    assert finding.expected == organisation_key("91220102YYYY000207")


def test_a_code_written_otherwise_makes_a_key_that_is_right_too(inbox: Inbox) -> None:
    changes = {"envelope.subject.uscc": "91220102-yyyy000207"}
    assert inbox.send("ADMIN_PENALTY", changes, key=organisation_key("91220102-yyyy000207").encode()).event
    assert inbox.send("ADMIN_PENALTY", changes, key=organisation_key("91220102YYYY000207").encode()).event


@pytest.mark.parametrize(
    ("record_type", "changes", "key"),
    [
        ("ADMIN_LICENCE", {}, "ADMIN_LICENCE|11220000YYYX00054A|吉交许〔2026〕12号|JY00000000000012"),
        ("ADMIN_LICENCE", {"doc_no": "吉交许（2026） 12号"}, "ADMIN_LICENCE|11220000YYYX00054A|吉交许〔2026〕12号|JY00000000000012"),
        ("ADMIN_LICENCE", {"licence_no": None}, "ADMIN_LICENCE|11220000YYYX00054A|吉交许〔2026〕12号|"),
        ("ADMIN_LICENCE", {"doc_no": "无"}, "ADMIN_LICENCE|11220000YYYX00054A|JY00000000000012|2026-09-02"),
        ("ABNORMAL_OPERATION", {"list_entry_id": "A|B%7C"}, "ABNORMAL_OPERATION|A%7CB%257C"),
        ("ABNORMAL_OPERATION", {"list_entry_id": "ＹＣ１"}, "ABNORMAL_OPERATION|YC1"),
        ("LP_REGISTRATION", {}, f"LP_REGISTRATION|{organisation_key('91220102YYYY000207')}|market-regulation/registry"),
    ],
)
def test_record_keys(inbox: Inbox, record_type: str, changes: dict[str, str | None], key: str) -> None:
    assert inbox.send(record_type, changes).event.record_key == key


def test_one_decision_against_two_is_two_records(inbox: Inbox) -> None:
    other = {"uscc": "91220000YYYY00012A", "envelope.subject.uscc": "91220000YYYY00012A"}
    assert inbox.send("ADMIN_PENALTY").event.record_key != inbox.send("ADMIN_PENALTY", other).event.record_key


def test_an_end_finds_the_record_by_its_key_alone(inbox: Inbox) -> None:
    kept = {"authority_uscc", "doc_no"}
    blank = dict.fromkeys(inbox.contract.types["ADMIN_PENALTY"].fields.keys() - kept)
    end = inbox.send("ADMIN_PENALTY", blank | {"envelope.op": "REVOKE", "envelope.reason": "复议撤销"}).event
    assert (end.record_key, end.facet) == (inbox.send("ADMIN_PENALTY").event.record_key, "revoke")


@given(a=st.text(max_size=12), b=st.text(max_size=12))
def test_two_parts_never_look_like_one(a: str, b: str) -> None:
    from databus.quality.identity import _safe

    assert "|" not in _safe(a) + _safe(b)
