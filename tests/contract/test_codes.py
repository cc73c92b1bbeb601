from __future__ import annotations

import re
from datetime import date
from importlib import resources
from itertools import takewhile
from pathlib import Path

import pytest

from databus.contract.codes import Codes, load
from databus.errors import BadContract


@pytest.fixture(scope="module")
def codes() -> Codes:
    return load(Path(__file__).parents[2] / "schemas" / "codes")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("吉林", "220200"),
        ("吉林省", "220000"),
        ("延边州", "222400"),
        ("长春", "220100"),
        (" 四平 ", "220300"),
        ("220102", "220102"),
        ("长白山管委会", "22CBS0"),
    ],
)
def test_divisions_as_departments_write_them(codes: Codes, written: str, code: str) -> None:
    assert codes.find("divisions", written) == code


def test_a_name_without_division_is_not_guessed(codes: Codes) -> None:
    assert codes.find("divisions", "N/A") is None and codes.find("divisions", "") is None


def test_gongzhuling_moved_in_2020(codes: Codes) -> None:
    assert codes.find("divisions", "公主岭市") == "220184"
    assert codes.find("divisions", "公主岭市", date(2016, 5, 25)) == "220381"
    assert codes.known("divisions", "220381", date(2016, 5, 25)) and not codes.known("divisions", "220381", date(2021, 1, 1))
    assert not codes.known("divisions", "220184", date(2016, 5, 25))
    assert next(row for row in codes.rows("divisions") if row.code == "220381").more["successor"] == ["220184"]


def test_a_division_may_carry_its_street(codes: Codes) -> None:
    assert codes.known("divisions", "220102001") and codes.label("divisions", "220102001") == "南关区"
    assert not codes.known("penalty_kind", "FINES")


def test_jilin_is_complete(codes: Codes) -> None:
    standing = [row for row in codes.rows("divisions") if row.more["kind"] == "GB" and row.active(date(2019, 4, 1))]
    assert [sum(row.more["level"] == level for row in standing) for level in ("province", "prefecture", "county")] == [1, 9, 60]
    known = {row.code for row in codes.rows("divisions")}
    assert all(row.more["parent"] in known for row in codes.rows("divisions") if row.code != "220000")


def counties_of_stdnum(year: int) -> dict[str, str]:
    """Jilin's divisions in python-stdnum's table, which is dated by years; "市辖区" is no division but a heading."""
    lines = resources.files("stdnum.cn").joinpath("loc.dat").read_text("utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("22 "))
    found = {"220000": "吉林省"}
    for line in takewhile(lambda line: line.startswith(" "), lines[first + 1 :]):
        for begin, end, name in re.findall(r'(?:\[(\d*)-(\d*)\])?([^\[\],"]+)', line.split("=", 1)[1]):
            if (not begin or int(begin) <= year) and (not end or year <= int(end)) and name != "市辖区":
                found["22" + line.split()[0]] = name
    return found


@pytest.mark.parametrize("year", [2016, 2019, 2021])
def test_the_divisions_of_a_year_are_those_of_stdnum(codes: Codes, year: int) -> None:
    ours = {row.code: row.zh for row in codes.rows("divisions") if row.more["kind"] == "GB" and row.active(date(year, 12, 31))}
    assert ours == counties_of_stdnum(year)


def test_every_successor_is_a_division(codes: Codes) -> None:
    known = {row.code for row in codes.rows("divisions")}
    ended = [row for row in codes.rows("divisions") if row.valid_to is not None]
    assert ended and all(set(row.more.get("successor", ())) <= known for row in ended)


def test_labels_speak_both_languages(codes: Codes) -> None:
    assert (codes.label("penalty_kind", "FINE"), codes.label("penalty_kind", "FINE", "en")) == ("罚款", "fine")
    assert codes.label("penalty_kind", "UNHEARD") == "UNHEARD"


def test_a_wrong_value_gets_what_was_likely_meant(codes: Codes) -> None:
    assert codes.suggest("penalty_kind", "罚款") == "FINE"
    assert codes.suggest("penalty_kind", "FINNE") == "FINE"
    assert codes.suggest("reg_state", "存续（在营、开业、在册）") == "ACTIVE"
    assert codes.suggest("penalty_kind", "完全不同的东西") is None


def test_former_names_of_departments_are_found(codes: Codes) -> None:
    assert codes.find("departments", "吉林省环境保护厅") == "ecology"


def test_an_unknown_list_is_the_contracts_fault(codes: Codes) -> None:
    with pytest.raises(BadContract, match="no code list colours"):
        codes.known("colours", "RED")


@pytest.mark.parametrize(
    "text",
    [
        "- {code: 1, zh: 一, en: one}",
        "- {zh: 一, en: one}",
        "- {code: A, zh: 一, en: one}\n- {code: A, zh: 二, en: two}",
        "rows: 3",
        "[",
        "3",
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "colour.yaml").write_text(text)
    with pytest.raises(BadContract, match=r"colour\.yaml"):
        load(tmp_path)


def test_one_code_may_mean_two_things_one_after_the_other(tmp_path: Path) -> None:
    rows = "- {code: A, zh: 旧, en: old, valid_to: 2019-12-31}\n- {code: A, zh: 新, en: new, valid_from: 2020-01-01}"
    (tmp_path / "colour.yaml").write_text(rows)
    codes = load(tmp_path)
    assert codes.known("colour", "A", date(2019, 1, 1)) and codes.find("colour", "旧", date(2019, 6, 1)) == "A"
