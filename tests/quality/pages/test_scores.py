"""Scorecards at the desk: shares with what they are made of, months in a row, who ranks where."""

from __future__ import annotations

from datetime import date

import pytest
from starlette.testclient import TestClient

from databus.quality.pages import charts
from databus.store.scorecards import Score
from quality.pages.world import HOME, World, enter

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
ENTRY, PATH = "307004/000004", f"{HOME}/scorecards"


@pytest.fixture
def scored(world: World) -> World:
    world.scores = [
        Score(MARCH, "emergency", ENTRY, "pass_rate", 5, 10),
        Score(APRIL, "emergency", ENTRY, "pass_rate", 54, 60),
        Score(APRIL, "emergency", ENTRY, "late_rate", 1, 4),
        Score(APRIL, "emergency", ENTRY, "fix_days", 3, 7),
        Score(APRIL, "ecology", "307003/000001", "pass_rate", 9, 9),
    ]
    return world


def test_a_scorecard_tells_every_share_with_its_counts(scored: World) -> None:
    client = scored.client()
    enter(client)
    page = client.get(PATH).text
    assert "2026-04" in page and "90.0%" in page and "54 / 60" in page
    assert "25.0%" not in page and "1 / 4" in page, "too few for a share"
    assert "2026-04: 90.0%" in page and "2026-03: 50.0%" in page, "both months are in the chart"
    assert "<b>2</b> / 2" in page, "its own place"
    march = client.get(PATH, params={"month": "2026-03", "lang": "zh"}).text
    assert "50.0%" in march and "54 / 60" not in march and "合格率" in march


@pytest.mark.parametrize("month", ["2026-13", "x", "2020-01", ""])
def test_a_month_without_scores_is_the_latest_one(scored: World, month: str) -> None:
    client = scored.client()
    enter(client)
    assert "54 / 60" in client.get(PATH, params={"month": month}).text


def test_nothing_counted_yet_is_said(client: TestClient) -> None:
    enter(client)
    assert "There is no score yet" in client.get(PATH).text


def test_the_league_is_for_those_who_lead(scored: World) -> None:
    client, steward = scored.client(), scored.client()
    enter(client)
    assert client.get("/desk/league").status_code == 403
    enter(steward, "steward")
    page = steward.get("/desk/league").text
    assert page.index("Ecology") < page.index("Emergency") and "100.0%" in page
    assert steward.get(PATH).status_code == 200


def test_columns_are_as_high_as_what_they_count() -> None:
    drawn = charts.columns((0, 5, 10), ("a", "b", "c"), height=20)
    assert [(bar.x, bar.y, bar.height, bar.told) for bar in drawn.bars] == [(0, 20, 0, "a: 0"), (8, 10, 10, "b: 5"), (16, 0, 20, "c: 10")]
    assert (drawn.width, drawn.height, drawn.sense) == (22, 20, "up")
    shares = charts.shares((0.5, None, 0.25), ("a", "b", "c"), height=20)
    assert [(bar.x, bar.height) for bar in shares.bars] == [(0, 10), (16, 5)] and shares.sense == "down"
