"""The pull feed over HTTP: a cursor goes on where it stood, whatever happened in between, and no other one does."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import httpx
import pytest

from databus.testing.province.ledger import Line
from live.drafts import accepted, firm, registration
from live.feed import EVENTS, lines_of, page, pages_of, plain
from live.line import Live

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("province")]

PAGE = 61


@pytest.fixture(scope="module")
def agency(live: Live, province: tuple[Line, ...]) -> Iterator[httpx.Client]:
    live.settled()
    with live.client("agency-south") as client:
        yield client


def test_a_walk_begun_at_any_boundary_gives_the_rest_of_the_whole_one(agency: httpx.Client) -> None:
    whole = plain(lines_of(agency, limit=1000))
    assert len(whole) > 10 * PAGE, "the sample fills many pages"
    told, pages = 0, pages_of(agency, limit=PAGE)
    for one in pages:
        lines = [line for line in one if line["type"] != "control"]
        assert plain(lines) == whole[told : told + len(lines)]
        told += len(lines)
        assert plain(lines_of(agency, one[-1]["cursor"], limit=1000)) == whole[told:]
    assert told == len(whole)
    middle = pages[1][PAGE // 2]
    assert plain(lines_of(agency, middle["cursor"], limit=1000)) == whole[PAGE + PAGE // 2 + 1 :], "a line resumes as well as a page"


def test_steps_of_one_record_keep_their_order(live: Live, agency: httpx.Client) -> None:
    rows = live.sql("SELECT record_key, change_id FROM record_versions ORDER BY part, from_offset")
    order = {live.outside(row["record_key"], row["change_id"])[1]: number for number, row in enumerate(rows)}
    told: dict[str, list[int]] = {}
    for line in lines_of(agency, limit=1000):
        told.setdefault(line["record"], []).append(order[line["step"]])
    assert any(len(steps) > 1 for steps in told.values())
    assert not [record for record, steps in told.items() if steps != sorted(steps)]


def test_a_cursor_survives_a_restart_of_the_gateway(live: Live, agency: httpx.Client) -> None:
    whole = plain(lines_of(agency, limit=1000))
    first = page(agency, limit=PAGE)
    live.restarted("gateway", signal.SIGTERM)
    assert plain(first[:-1] + lines_of(agency, first[-1]["cursor"], limit=1000)) == whole


def test_what_happens_next_comes_to_whoever_waits(live: Live, agency: httpx.Client) -> None:
    end = pages_of(agency, limit=1000)[-1][-1]["cursor"]
    assert lines_of(agency, end) == []
    about = firm("等待")
    accepted(live, registration(live.here, about))
    (line, _) = page(agency, end, wait=30)
    assert line["type"] == "changed" and {"scheme": "CN-USCI", "code": about.uscc} in line["subject"]["codes"]


def test_a_forged_cursor_is_refused(live: Live, agency: httpx.Client) -> None:
    cursor = page(agency, limit=1)[-1]["cursor"]
    swapped = {"A": "B"}
    forged = [cursor[:place] + swapped.get(cursor[place], "A") + cursor[place + 1 :] for place in range(0, len(cursor), 5)]
    for text in (*forged, cursor[:-1], cursor + "A", cursor.swapcase(), "x", "游标", "A" * 5000, "../" * 20):
        _refused(agency, cursor=text)
    _refused(agency, cursor=cursor, purpose="P12")
    _refused(agency, cursor=cursor, **{"from": "now"})
    with live.client("agency-north") as other:
        _refused(other, cursor=cursor)


def _refused(client: httpx.Client, **asked: str) -> None:
    answer = client.get(EVENTS, params=asked)
    assert answer.status_code == 400, (asked, answer.text[:200])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/malformed"


def test_one_too_old_names_the_oldest_position_still_served(live: Live, agency: httpx.Client) -> None:
    pages = pages_of(agency, limit=PAGE)
    whole = [line for one in pages for line in one if line["type"] != "control"]
    began = pages[0][0]["cursor"]
    kept = live.sql("SELECT * FROM feed_floor")
    half = "SELECT part, next_offset / 2 FROM positions WHERE topic = 'changes'"
    live.sql(f'INSERT INTO feed_floor (part, "offset") {half} ON CONFLICT (part) DO UPDATE SET "offset" = excluded."offset"')
    try:
        answer = agency.get(EVENTS, params={"cursor": began})
        assert answer.status_code == 410, answer.text
        problem = answer.json()
        assert problem["type"] == "/problems/gone" and problem["snapshot"] == EVENTS
        served = plain(lines_of(agency, problem["oldest"], limit=1000))
        floors = {row["part"]: row["offset"] for row in live.sql('SELECT part, "offset" FROM feed_floor')}
        rows = live.sql("SELECT record_key, change_id, part, from_offset FROM record_versions")
        young = {live.outside(row["record_key"], row["change_id"])[1] for row in rows if row["from_offset"] >= floors[row["part"]]}
        assert served == [line for line in plain(whole) if line["step"] in young]
        assert 0 < len(served) < len(whole)
        assert plain(lines_of(agency, limit=1000)) == served, "without a cursor it begins at the same place"
    finally:
        live.sql("DELETE FROM feed_floor")
        for row in kept:
            live.sql('INSERT INTO feed_floor (part, "offset") VALUES ($1, $2)', row["part"], row["offset"])
    assert plain(lines_of(agency, began, limit=1000)) == plain(whole)[1:]
