"""Cells as departments write them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.contract import codes
from databus.contract.codes import Codes
from databus.department.convert import DAYS, Unreadable, amount_of, boolean_of, currency_of, date_of, number_of

LISTS = codes.load(Path(__file__).parents[2] / "schemas" / "codes")


@pytest.fixture
def lists() -> Codes:
    return LISTS


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("174(万元人民币)", "174", None),
        ("500(万美元)", "500", "USD"),
        ("9302.1万人民币", "9302.1", "CNY"),
        ("30万元", "30", None),
        ("30（万元）", "30", None),
        ("2000元", "0.2", None),
        ("1.5亿元", "15000", None),
        ("12(万欧元)", "12", "EUR"),
        ("50(万)", "50", None),
        ("1,000.5 (万元人民币)", "1000.5", "CNY"),
    ],
)
def test_an_amount_is_its_number_in_units_and_its_currency(text: str, value: str, currency: str | None, lists: Codes) -> None:
    assert amount_of(text, power=4, scale=6) == Decimal(value)
    found = currency_of(text, codes=lists, currencies="currency")
    assert found in ({currency} if currency else {None, "CNY"})


@pytest.mark.parametrize("text", ["", "万元", "abc", "12(万贝壳)", "1e400000", "١٢٣", "--5", "NaN", "Infinity"])
def test_what_is_no_amount_says_what_is_expected(text: str, lists: Codes) -> None:
    with pytest.raises(Unreadable) as caught:
        amount_of(text, power=4, scale=6)
        currency_of(text, codes=lists, currencies="currency")
    assert caught.value.expected


def test_an_amount_finer_than_its_field_is_refused_with_a_suggestion() -> None:
    with pytest.raises(Unreadable) as caught:
        number_of("0.123", 2)
    assert caught.value.suggestion == "0.12"


@pytest.mark.parametrize(
    ("text", "value"), [("1,200.50", "1200.50"), ("1,234,567", "1234567.00"), ("5e3", "5000.00"), (".5", "0.50"), ("１，２００", "1200.00")]
)
def test_numbers_as_they_are_written(text: str, value: str) -> None:
    assert str(number_of(text, 2)) == value


@pytest.mark.parametrize(
    "text", ["1200,50", "1,2,3", "1234,567", "1_000", "1e999999999", "-1e999999999", "1e-999999999", "e5", ".", "1,", "1 000"]
)
def test_what_is_no_number_or_may_be_two(text: str) -> None:
    with pytest.raises(Unreadable):
        number_of(text, 2)


@given(text=st.text("0123456789eE+-.,_ 万元(", max_size=40))
def test_no_text_makes_a_number_crash(text: str) -> None:
    for read in (lambda: number_of(text, 2), lambda: amount_of(text, power=4, scale=6)):
        try:
            assert read().is_finite()
        except Unreadable as error:
            assert error.expected


@pytest.mark.parametrize("text", ["2025-03-01", "2025/03/01", "2025年03月01日", "20250301", "２０２５-０３-０１"])
def test_days_as_they_are_written(text: str) -> None:
    assert date_of(text, DAYS).isoformat() == "2025-03-01"


@pytest.mark.parametrize("text", ["2025-02-30", "01/03/2025", "2025", "今天"])
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(Unreadable):
        date_of(text, DAYS)


def test_yes_and_no() -> None:
    assert boolean_of("是") is True
    assert boolean_of("False") is False
    with pytest.raises(Unreadable):
        boolean_of("maybe")
