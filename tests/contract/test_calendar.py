from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.contract.calendar import Calendar, load, shanghai_day
from databus.errors import BadContract


def test_the_day_changes_at_midnight_in_shanghai() -> None:
    before = int(datetime(2026, 3, 31, 15, 59, 59, 999000, tzinfo=UTC).timestamp() * 1000)
    assert (shanghai_day(before), shanghai_day(before + 1)) == (date(2026, 3, 31), date(2026, 4, 1))
    assert shanghai_day(-1) == date(1970, 1, 1)


def test_the_day_after_the_decision_is_day_one() -> None:
    # 2026-01-05 is a Monday without holidays around.
    assert Calendar().working_days_after(date(2026, 1, 5), 1) == (date(2026, 1, 6), False)
    assert Calendar().between(date(2026, 1, 5), date(2026, 1, 12)) == (5, False)


def test_holidays_do_not_count_and_make_up_days_do() -> None:
    # National Day 2025: 1 to 8 October free, Saturday 11 October worked.
    assert Calendar().between(date(2025, 9, 30), date(2025, 10, 8)) == (0, False)
    assert Calendar().working_days_after(date(2025, 9, 30), 3) == (date(2025, 10, 11), False)


def test_beyond_what_is_known_weekdays_count_and_are_flagged() -> None:
    assert Calendar().working_days_after(date(2030, 1, 4), 1) == (date(2030, 1, 7), True)
    assert Calendar().between(date(2030, 1, 4), date(2030, 1, 7)) == (1, True)


def test_the_table_extends_and_overrides() -> None:
    table = Calendar({date(2030, 1, 7): False, date(2025, 10, 1): True}, frozenset({2030}))
    assert table.working_days_after(date(2030, 1, 4), 1) == (date(2030, 1, 8), False)
    assert table.is_working_day(date(2025, 10, 1)) == (True, False)


def test_the_last_day_there_is_ends_the_count() -> None:
    assert Calendar().working_days_after(date.max, 7)[0] == date.max


@given(st.dates(date(2005, 1, 1), date(2035, 12, 31)), st.integers(0, 40))
def test_counting_there_and_back(day: date, n: int) -> None:
    last, guessed = Calendar().working_days_after(day, n)
    assert Calendar().between(day, last) == (n, guessed)
    assert n == 0 or Calendar().is_working_day(last)[0]


@pytest.mark.parametrize(
    "text", ["holidays: [tomorrow]", "holidays: 2027-01-01", "- 1", "holidays: [2027-01-01]\nworking_days: [2027-01-01]", "a: ["]
)
def test_a_table_that_cannot_be_meant_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "calendar.yaml").write_text(text)
    with pytest.raises(BadContract, match=r"calendar\.yaml"):
        load(tmp_path / "calendar.yaml")
