"""The mapping tests of domain 1.8, one by one, and the links an accepted map becomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from databus.contract.checkdigits import uscc_check_char
from databus.model.event import Op
from databus.model.finding import Verdict
from databus.model.keys import organisation_key
from quality.inbox import Inbox

MAP = "LP_CODE_MAP"
CODE, REG, ORG, TAX = "91220102YYYY000207", "220102000002026", "YYYY00020", "220102YYYY00020"
ONLY = {"reg_no": None, "org_code": None, "tax_no": None}
HOUSEHOLD = {"uscc": "92220106YYYY00063B", "envelope.subject.uscc": "92220106YYYY00063B"}


def statuses(inbox: Inbox, changes: dict[str, Any]) -> set[str]:
    """What the accepted links say of themselves, or the rules that held the map."""
    seen = inbox.send(MAP, changes)
    if not seen.events:
        return {finding.rule for finding in seen.findings if finding.verdict is not Verdict.WARN}
    return {inbox.codec.decode(event.body)[1]["payload"]["map_status"] for event in seen.events}


CASES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("1 wrong check character", {"uscc": "91220102YYYY000208", "envelope.subject.uscc": "91220102YYYY000208"}, {"DQ-ACC-01"}),
    ("2 organisation code inside the unified one", {**ONLY, "org_code": "yyyy0002-0"}, {"AUTO_VERIFIED"}),
    ("3 taxpayer number that ends with it", {**ONLY, "tax_no": TAX}, {"AUTO_VERIFIED"}),
    ("3 and one that does not", {**ONLY, "tax_no": "220102YYYY00039"}, {"DQ-MAP-01"}),
    ("4 registration number by the registrar", {**ONLY, "reg_no": REG}, {"SOURCE_VERIFIED"}),
    ("4 of the older form", {**ONLY, "reg_no": "2201020000020"}, {"SOURCE_VERIFIED"}),
    ("4 with a wrong check digit", {**ONLY, "reg_no": "220102000002027"}, {"DQ-MAP-02"}),
    ("4 by no registrar of such subjects", {**ONLY, "reg_no": REG, **dict.fromkeys(HOUSEHOLD, "52220000YYYY0008X6")}, {"DQ-MAP-02"}),
    ("5 household by the registrar", {**ONLY, **HOUSEHOLD, "reg_no": "220106600005059"}, {"SOURCE_VERIFIED"}),
    ("6 another organisation code", {**ONLY, "org_code": "YYYY00039"}, {"DQ-MAP-01"}),
    ("a letter where digits are", {**ONLY, "reg_no": "22O102000002026"}, {"DQ-ACC-03"}),
    ("8 a name alone", ONLY, {"DQ-COM-02"}),
    ("8 the unified code again is no older code", {**ONLY, "tax_no": CODE, "former_uscc": CODE}, {"DQ-COM-02"}),
    ("a person's number is no older code", {**ONLY, "tax_no": "220000190001010018"}, {"DQ-COM-02"}),
    ("a unified code that was replaced", {**ONLY, "former_uscc": "91220202YYYY000399"}, {"SOURCE_VERIFIED"}),
]


@pytest.mark.parametrize(("changes", "found"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_mapping_test(inbox: Inbox, changes: dict[str, Any], found: set[str]) -> None:
    assert statuses(inbox, changes) == found


BY_SOMEBODY_ELSE: list[tuple[str, dict[str, Any], set[str]]] = [
    ("2 whoever says so", {**ONLY, "org_code": ORG}, {"AUTO_VERIFIED"}),
    ("3 whoever says so", {**ONLY, "tax_no": TAX}, {"AUTO_VERIFIED"}),
    ("4 registration number", {**ONLY, "reg_no": REG}, {"DQ-MAP-02"}),
    ("5 household", {**ONLY, **HOUSEHOLD, "reg_no": "220106600005059"}, {"DQ-MAP-02"}),
    ("5 household had no organisation code", {**ONLY, **HOUSEHOLD, "org_code": "YYYY00063"}, {"DQ-MAP-02"}),
]


@pytest.mark.parametrize(("changes", "found"), [case[1:] for case in BY_SOMEBODY_ELSE], ids=[case[0] for case in BY_SOMEBODY_ELSE])
def test_a_mapping_test_by_a_department_that_does_not_register(inbox: Inbox, changes: dict[str, Any], found: set[str]) -> None:
    kind = inbox.contract.types[MAP]
    assert kind.maps is not None
    elsewhere = replace(kind, maps=replace(kind.maps, registrar={"9": "taxation"}))
    assert statuses(Inbox(replace(inbox.contract, types={**inbox.contract.types, MAP: elsewhere}), inbox.codec), changes) == found


REGISTRARS = {
    "9": ("market-regulation", "307001/000007", "93220102YYYY00021"),
    "5": ("civil-affairs", "307006/000040", "52220102YYYY00021"),
    "1": ("staffing", "307007/000040", "12220102YYYY00021"),
    "3": ("justice", "307008/000040", "31220102YYYY00021"),
    "N": ("agriculture", "307013/000040", "N2220102YYYY00021"),
    "G": ("public-security", "307009/000040", "G1220102YYYY00021"),
}
"""Who registers whom (domain 4.1): its department, the entry for its maps, and a code but for the last character."""


@pytest.mark.parametrize("first", REGISTRARS)
def test_each_registrar_vouches_for_the_numbers_of_those_it_registers_and_for_no_others(inbox: Inbox, first: str) -> None:
    department, _, body = REGISTRARS[first]
    code = body + uscc_check_char(body)
    about = {**ONLY, "reg_no": REG, "uscc": code, "envelope.subject.uscc": code}
    for other, (teller, entry, _) in REGISTRARS.items():
        seen = inbox.send(MAP, {**about, "envelope.catalog_code": entry})
        vouched = {inbox.codec.decode(event.body)[1]["payload"]["map_status"] for event in seen.events}
        assert vouched == ({"SOURCE_VERIFIED"} if other == first else set())
        if other != first:
            finding = seen.finding("DQ-MAP-02")
            assert finding.department == teller and department in finding.expected and len(seen.sealed) == 1


def test_offices_of_overseas_organisations_are_mapped_since_the_law_on_them(inbox: Inbox) -> None:
    _, entry, body = REGISTRARS["G"]
    code = body + uscc_check_char(body)
    told = {**ONLY, "reg_no": REG, "uscc": code, "envelope.subject.uscc": code, "envelope.catalog_code": entry}
    before, since = ({**told, "converted_on": day, "envelope.decided_at": day} for day in (date(2016, 12, 31), date(2017, 1, 1)))
    assert (statuses(inbox, before), statuses(inbox, since)) == ({"DQ-CAT-01"}, {"SOURCE_VERIFIED"})


def test_a_conflict_goes_to_both_departments(inbox: Inbox) -> None:
    seen = inbox.send(MAP, {**ONLY, "tax_no": "220102YYYY00039"})
    told = [finding for finding in seen.findings if finding.rule == "DQ-MAP-01"]
    assert {finding.department for finding in told} == {"market-regulation", "taxation"}
    assert len({finding.finding_id for finding in told}) == 2
    assert {output.key for output in seen.outcome.outputs if output.topic == "findings"} == {b"market-regulation", b"taxation"}
    assert len(seen.sealed) == 1 and not seen.events
    ours = inbox.send(MAP, {**ONLY, "org_code": "YYYY00039"})
    assert [finding.department for finding in ours.findings if finding.rule == "DQ-MAP-01"] == ["market-regulation"]


def test_a_map_is_a_link_under_every_key_it_names(inbox: Inbox) -> None:
    seen = inbox.send(MAP, {"org_code": "YYYY0002-0"})
    unified = organisation_key(CODE)
    older = {"CN-REG": REG, "CN-ORG": ORG, "CN-TAX": TAX}
    keys = {scheme: organisation_key(code, scheme=scheme) for scheme, code in older.items()}
    assert sorted(event.subject_key for event in seen.events) == sorted([unified] * 3 + list(keys.values()))
    assert {event.record_key for event in seen.events} == {f"{MAP}|{CODE}|{scheme}|{code}" for scheme, code in older.items()}
    for event in seen.events:
        scheme = event.record_key.split("|")[2]
        assert (event.op, event.facet, event.link) == (Op.LINK, "link", (keys[scheme], unified, CODE))
        said = inbox.codec.decode(event.body)[1]["payload"]
        assert {said[name] for name in ("reg_no", "org_code", "tax_no")} == {None, older[scheme]}
        own = {"CN-USCI": CODE, scheme: older[scheme]}
        assert event.codes == (own if event.subject_key == unified else {scheme: older[scheme]})
    routes = [output.route for output in seen.outcome.outputs if output.topic == "events"]
    assert routes == [event.subject_key.encode() for event in seen.events]


def test_one_of_them_is_the_submission_and_the_others_name_it(inbox: Inbox) -> None:
    first, *others = inbox.send(MAP).events
    assert (first.original, {event.original for event in others}) == ("", {first.event_id})
    assert len({event.event_id for event in (first, *others)}) == 6
    assert [event.event_id for event in inbox.send(MAP).events] == [event.event_id for event in (first, *others)]


def test_a_map_is_taken_back_without_proof_and_deleted_everywhere(inbox: Inbox) -> None:
    back = inbox.send(MAP, {**ONLY, "reg_no": "220102000002027", "envelope.withdrawn": True})
    assert [(event.withdrawn, len(event.link)) for event in back.events] == [(True, 3), (True, 3)]
    gone = inbox.send(MAP, {"envelope.op": "DELETE"})
    assert {event.facet for event in gone.events} == {"delete"} and len(gone.events) == 6
    assert statuses(inbox, {**ONLY, "envelope.op": "DELETE"}) == {"DQ-COM-02"}


def test_a_code_that_was_replaced_keeps_its_own_scheme_beside_the_new_one(inbox: Inbox) -> None:
    new, old = inbox.send(MAP, {**ONLY, "former_uscc": "91220202YYYY000399"}).events
    assert new.codes == {"CN-USCI": CODE, "CN-USCI-FORMER": "91220202YYYY000399"}
    assert (old.subject_key, old.codes) == (organisation_key("91220202YYYY000399"), {"CN-USCI": "91220202YYYY000399"})
