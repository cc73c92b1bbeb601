"""Vectors of domain 1 and 10, and python-stdnum as the oracle where it is right."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from databus.contract import identifiers as ids
from databus.contract.checkdigits import USCC_ALPHABET

STANDARD = "91350100M000100Y43"
VALID = [
    "91220000YYYY00012A",
    "91220102YYYY000207",
    "91220202YYYY000399",
    "91220184YYYY00047P",
    "91222401YYYY00055K",
    "92220106YYYY00063B",
    "93220283YYYY00071Q",
    "52220000YYYY0008X6",
    "51220100YYYY00098E",
    "12220000YYYY00100X",
    "31220103YYYY00119C",
    "91220000YYYY010070",
    "91220000YYYY0104X8",
    "91220000YYYY01090K",
]
DEPARTMENTS = [
    "11220000YYYX00011W",
    "11220000YYYX0002XL",
    "11220000YYYX00038L",
    "11220000YYYX00046F",
    "11220000YYYX00054A",
    "11220000YYYX000625",
    "11220000YYYX000700",
    "11220000YYYX00089W",
    "11220000YYYX00097P",
    "11220000YYYX0010X8",
    "11220000YYYX001188",
    "11220000YYYX001263",
]
# python-stdnum asks for digits in positions 1 to 8, so it refuses what the standard allows.
LETTERED = ["N2220122YYYY001271", "N3220182YYYY00135M", "Y1220000YYYY00143G", "G1220000YYYY00151R"]
REG_NOS = [
    "220000000001018",
    "220102000002026",
    "220202000003038",
    "220381000004044",
    "220106600005059",
    "110108000000016",
    "330203000030639",
]
CITIZENS = [f"2200001900010100{tail}" for tail in ("18", "26", "34", "42", "50", "69")]


@pytest.mark.parametrize("code", [STANDARD, *VALID, *DEPARTMENTS])
def test_codes_that_stdnum_accepts_too(code: str) -> None:
    assert ids.check_uscc(code) is None and ids.check_embedded_org_code(code) is None
    assert uscc.is_valid(code)


@pytest.mark.parametrize("code", LETTERED)
def test_rural_collectives_and_others_begin_with_letters(code: str) -> None:
    assert ids.check_uscc(code) is None and ids.check_embedded_org_code(code) is None
    assert not uscc.is_valid(code)


def test_a_wrong_check_character_is_named() -> None:
    problem = ids.check_uscc("91350100M000100Y4Z")
    assert problem is not None and problem.rule == "DQ-ACC-03"
    problem = ids.check_uscc("91350100M000100Y44")
    assert problem == ids.Problem("DQ-ACC-01", "91350100M000100Y44", "check character 3 behind 91350100M000100Y4")


def test_the_organisation_code_inside_is_only_a_warning() -> None:
    assert ids.check_uscc("91220102YYYY00021A") is None and uscc.is_valid("91220102YYYY00021A")
    problem = ids.check_embedded_org_code("91220102YYYY00021A")
    assert problem is not None and problem.rule == "DQ-ACC-02" and problem.expected.startswith("0 as character 17")


@pytest.mark.parametrize("code", ["9122OOOOYYYYOOO12A", "9122O000YYYY000I2A", "９１２２００００YYYY00012A"])
def test_lookalikes_are_suggested_and_never_repaired(code: str) -> None:
    problem = ids.check_uscc(code)
    assert problem == ids.Problem("DQ-ACC-03", code, problem.expected if problem else "", "91220000YYYY00012A")


def test_a_lookalike_that_would_not_pass_is_not_suggested() -> None:
    problem = ids.check_uscc("9122O000YYYY00012B")
    assert problem is not None and problem.suggestion == ""


@pytest.mark.parametrize("code", [" 91220000yyyy00012a ", "91220000-YYYY0001-2A"])
def test_case_blanks_and_hyphens_are_no_fault(code: str) -> None:
    assert ids.check_uscc(code) is None and ids.normalise_code(code) == "91220000YYYY00012A"


@pytest.mark.parametrize("code", ["", "91220000YYYY00012", "A" * 18, "91A20000YYYY00012A", "912200OO"])
def test_other_shapes_are_refused(code: str) -> None:
    assert ids.check_uscc(code) is not None


@given(st.sampled_from("123456789"), st.text("0123456789", min_size=7, max_size=7), st.text(USCC_ALPHABET, min_size=9, max_size=9))
def test_our_check_character_is_stdnums(first: str, digits: str, body: str) -> None:
    whole = first + digits + body
    assert ids.uscc_check_char(whole) == uscc.calc_check_digit(whole)
    assert ids.check_uscc(whole + ids.uscc_check_char(whole)) is None


@given(st.text(max_size=24))
def test_no_text_breaks_a_check(text: str) -> None:
    for name, check in ids.CHECKS.items():
        problem = check(text)
        assert problem is None or problem.rule.startswith("DQ-ACC-"), name


@given(st.sampled_from(VALID + LETTERED), st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_any_single_slip_is_noticed(code: str, at: int, slip: str) -> None:
    wrong = code[:at] + slip + code[at + 1 :]
    assert (ids.check_uscc(wrong) is None) == (wrong == code)


@pytest.mark.parametrize("code", ["00296433X", "L07196379", "0029-6433-x"])
def test_organisation_codes(code: str) -> None:
    assert ids.check_org_code(code) is None


def test_organisation_code_with_a_wrong_check() -> None:
    problem = ids.check_org_code("L07196378")
    assert problem is not None and (problem.rule, problem.expected) == ("DQ-ACC-02", "check character 9 behind L0719637")


@pytest.mark.parametrize("code", [*REG_NOS, "2201021234567"])
def test_registration_numbers_of_15_digits_and_the_old_13(code: str) -> None:
    assert ids.check_reg_no(code) is None


def test_registration_numbers_that_are_wrong() -> None:
    wrong, short, read = ids.check_reg_no("110108000000017"), ids.check_reg_no("22010200000202"), ids.check_reg_no("11O1O8OOOOOOO16")
    assert wrong is not None and (wrong.rule, wrong.expected) == ("DQ-ACC-05", "check digit 6 behind 11010800000001")
    assert short is not None and short.rule == "DQ-ACC-05"
    assert read is not None and (read.rule, read.suggestion) == ("DQ-ACC-03", "110108000000016")


@pytest.mark.parametrize("number", CITIZENS)
def test_citizen_ids(number: str) -> None:
    assert ids.check_citizen_id(number, date(2026, 1, 1)) is None and ric.calc_check_digit(number) == number[17]


@given(st.from_regex(r"[1-9][0-9]{5}19[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}", fullmatch=True))
def test_the_check_of_a_citizen_id_is_stdnums(body: str) -> None:
    assert ids.citizen_check_char(body) == ric.calc_check_digit(body + "0")
    assert ids.check_citizen_id(body + ids.citizen_check_char(body)) is None


def test_the_example_of_the_standard() -> None:
    assert ids.citizen_check_char("11010519491231002") == "X" and ids.org_check_char("00296433") == "X"
    assert ids.uscc_check_char("91350100M000100Y4") == "3" and ids.reg_no_check_digit("11010800000001") == "6"


def test_stdnum_knows_no_day_a_person_cannot_be_born_after() -> None:
    number = "22010220991231001"
    number += ids.citizen_check_char(number)
    assert ric.get_birth_date(number) == date(2099, 12, 31)
    assert ids.check_citizen_id(number, date(2026, 1, 1)) is not None


def test_a_division_younger_than_its_citizens_is_no_fault() -> None:
    assert ids.check_citizen_id("220102190001010016") is None
    with pytest.raises(ric.InvalidComponent):
        ric.validate("220102190001010016")


def test_citizen_ids_of_15_digits_get_their_century() -> None:
    assert ids.upgrade_citizen_id("110105491231002") == "11010519491231002X"
    assert ids.check_citizen_id("110105491231002") is None and ids.check_citizen_id("11010519491231002x") is None


@pytest.mark.parametrize("number", ["220000190001010019", "220000190013010018", "220000188001010010", "22000019000101001"])
def test_citizen_ids_that_are_wrong(number: str) -> None:
    problem = ids.check_citizen_id(number)
    assert problem is not None and problem.rule == "DQ-ACC-04"


def test_nobody_is_born_after_the_record() -> None:
    body = "22000020300101001"
    number = body + ids.citizen_check_char(body)
    assert ids.check_citizen_id(number, date(2026, 1, 1)) is not None and ids.check_citizen_id(number) is None


@given(st.one_of(st.from_regex(r"[0-9OI]{17}[0-9XOI]", fullmatch=True), st.from_regex(r"[０-９]{18}", fullmatch=True)))
def test_a_problem_never_tells_a_persons_number(number: str) -> None:
    for check in (ids.check_citizen_id, ids.check_tax_no):
        problem = check(number)
        if problem is not None and ids.normalise_code(number)[:17].isdigit():
            assert number[4:12] not in problem.observed + problem.expected + problem.suggestion


@pytest.mark.parametrize("number", ["91220000YYYY00012A", "220102L07196379", CITIZENS[0], CITIZENS[1] + "01"])
def test_taxpayer_ids_of_every_time(number: str) -> None:
    assert ids.check_tax_no(number) is None


@pytest.mark.parametrize("number", ["91220000YYYY00012B", "220102L07196378", "123", "2200001900010100190"])
def test_taxpayer_ids_that_are_wrong(number: str) -> None:
    problem = ids.check_tax_no(number)
    assert problem is not None and problem.rule == "DQ-ACC-02"
