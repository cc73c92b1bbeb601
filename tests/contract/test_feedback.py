"""What findings go by, and what the file may not say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from databus.contract.calendar import Calendar
from databus.contract.feedback import load
from databus.errors import BadContract

SHIPPED = Path(__file__).parents[2] / "schemas" / "feedback.yaml"


def test_working_days_lead_to_the_last_day() -> None:
    shipped = load(SHIPPED)
    # National Day 2025: 1 to 8 October free, Saturday 11 October worked.
    assert shipped.due("DQ-ACC-01", date(2025, 9, 29), Calendar()) == date(2025, 10, 13)
    assert shipped.due("DQ-TIM-01", date(2025, 9, 29), Calendar()) is None


@pytest.mark.parametrize(
    "text", ["", "fix_within: 5", "fix_within: {working_days: 5, citation: ''}", "fix_within: {working_days: 0, citation: x}", "["]
)
def test_a_file_that_lacks_or_misstates_something_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "feedback.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(BadContract, match="feedback"):
        load(file)
