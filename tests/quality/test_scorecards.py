"""What scorecards go by, and who leads."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from databus.contract.catalogue import Contract
from databus.errors import Malformed
from databus.quality import scorecards
from databus.store.scorecards import Score

MARCH = date(2026, 3, 1)


def score(department: str, right: int, of: int, metric: str = "pass_rate") -> Score:
    return Score(MARCH, department, "", metric, right, of)


def test_the_best_lead_equal_ones_share_a_place_and_who_sent_little_is_not_ranked(contract: Contract) -> None:
    told = [
        score("ecology", 9, 10),
        score("emergency", 90, 100),
        score("taxation", 10, 10),
        score("transport", 4, 4),
        score("transport", 0, 9, "late_rate"),
    ]
    places = scorecards.league(told, contract)
    assert [(place.rank, place.department) for place in places] == [(1, "taxation"), (2, "ecology"), (2, "emergency"), (None, "transport")]
    assert places[-1].scores["late_rate"].denominator == 9


def test_months_follow_each_other() -> None:
    assert list(scorecards.months_between(date(2025, 11, 30), date(2026, 2, 1))) == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]
    assert len(list(scorecards.months_between(date(1, 1, 1), date(2026, 1, 1)))) == 240


def test_an_entry_is_due_in_the_months_it_is_in_force_for_as_long_as_its_cycle_leaves(contract: Contract) -> None:
    asked = scorecards.asked(contract, since=date(2026, 3, 5), today=date(2026, 4, 20))
    (march, april) = [due for due in asked.due if due.catalog_code == "307004/000004"]
    assert (march.month, april.month, march.department) == (MARCH, date(2026, 4, 1), "emergency")
    # Ten working days before Tuesday 31 March 2026 is Tuesday 17 March.
    assert march.since == 1_773_676_800_000 and march.until - march.since == 15 * 86_400_000
    assert ("307004/000004", "doc_no") in asked.cells and ("307004/000004", "legal_rep_name") in asked.cells


def test_every_metric_is_told_in_both_languages(contract: Contract) -> None:
    assert all(metric.zh and metric.en and metric.zh_of and metric.en_of for metric in scorecards.metrics(contract))


SAMPLE = {
    "month": "2026-03",
    "department": "emergency",
    "catalog_code": "307004/000004",
    "metric": "accuracy",
    "numerator": "9",
    "denominator": "10",
    "source": "抽查",
}


def test_a_sample_is_read(contract: Contract) -> None:
    one = scorecards.sample_of(SAMPLE, contract)
    assert (one.month, one.metric, one.numerator, one.denominator, one.source) == (MARCH, "accuracy", 9, 10, "抽查")


@pytest.mark.parametrize(
    "changed",
    [
        {"month": "March"},
        {"department": "ecology"},
        {"catalog_code": "999999/000001"},
        {"metric": "pass_rate"},
        {"numerator": "11"},
        {"numerator": "-1"},
        {"denominator": "ten"},
        {"source": " "},
        {"source": None},
    ],
)
def test_what_is_no_sample_is_refused(contract: Contract, changed: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        scorecards.sample_of({**SAMPLE, **changed}, contract)
