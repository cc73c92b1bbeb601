"""A file that is not sent: every row with what would become of it, in its order, asked about page by page."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

import pytest

from databus.bootstrap.foresight import Foresight, foresight
from databus.contract import catalogue
from databus.contract.calendar import SHANGHAI
from databus.department import foretelling
from databus.department.files.row import Row
from databus.department.foretelling import PAGE, Foretold, foretold
from databus.department.http.foresight import Foreseen
from databus.department.outcome import RowResult
from databus.department.publish import DIGEST, FINDING, Batch, prepared_rows
from databus.department.results.foretold import Summary
from databus.department.results.marks import marks_of
from databus.department.submission import Submission
from databus.store.present import At, Present
from department.conftest import SCHEMAS
from department.http.world import TablePolicy
from department.test_publish import penalties

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
CONTRACT = catalogue.load(SCHEMAS)
WORKS = CONTRACT.codec()
with (SCHEMAS / "ADMIN_PENALTY" / "samples" / "penalties.csv").open(encoding="utf-8", newline="") as lines:
    ROW = next(csv.DictReader(lines))
WRONG = {**ROW, "uscc": "91220000YYYY00012B"}


async def nothing(wanted: Collection[tuple[str, str, str]]) -> Mapping[At, Present]:
    return {}


def line() -> Foresight:
    return foresight(CONTRACT, WORKS, standing=nothing, decider=TablePolicy(), clock=lambda: NOW)


def told(rows: Sequence[Row], made: Foresight) -> list[Foretold]:
    batch = Batch("emergency", int(NOW.timestamp()), b"s" * 32)
    prepared = prepared_rows(rows, mapping=penalties(CONTRACT, ROW), contract=CONTRACT, codec=WORKS, batch=batch)
    return list(foretold(prepared, ask=lambda sent: asyncio.run(made("emergency", sent)), contract=CONTRACT))


def test_each_row_is_told_what_http_would_be_told() -> None:
    good, wrong, unreadable = told([Row(1, ROW), Row(2, WRONG), Row(3, {**ROW, "decided_at": "gestern"})], line())
    assert [one.told["outcome"] for one in (good, wrong, unreadable)] == ["ACCEPTED", "REJECTED", "REFUSED"]
    assert good.told["readers"]["owner"]["withheld"] == {} and good.told["effect"]["kind"] == "ADDED"
    assert good.told["fields"]["doc_no"]["class"] == "PUBLIC" and good.told["record"]["standing"] == "SHOWN"
    assert [one["rule"] for one in unreadable.told["problems"]] == ["DQ-FMT-04"]
    assert [one.told["row"] for one in (good, wrong, unreadable)] == [1, 2, 3]


def test_the_result_file_of_what_was_not_sent_is_published_whole() -> None:
    good, wrong = told([Row(1, ROW), Row(2, WRONG)], line())
    # A row marked as accepted would be left out; an id of a finding that nobody has would be called mended.
    assert (good.result.outcome, marks_of(good.result)[DIGEST]) == ("CHECKED", "")
    assert wrong.result.outcome == "REJECTED" and marks_of(wrong.result)[FINDING] == ""
    assert "DQ-ACC-01" in [remark.rule for remark in wrong.result.remarks]


def test_without_policy_and_store_the_checks_are_told_and_the_rest_is_not() -> None:
    offline = foresight(CONTRACT, WORKS, standing=None, decider=None, clock=lambda: NOW)
    good, wrong = told([Row(1, ROW), Row(2, WRONG)], offline)
    assert (good.told["readers"], good.told["effect"]) == (None, None) and good.told["record"]["standing"] == "SHOWN"
    assert wrong.told["outcome"] == "REJECTED"
    summary = Summary()
    summary.note(good.told)
    assert summary.told()["readers"] == {} and summary.told()["effect"]["kinds"] == {}


def test_a_long_file_is_asked_about_page_by_page() -> None:
    read, asked = 0, list[tuple[int, int]]()

    def prepared() -> Iterator[tuple[RowResult, Submission | None]]:
        nonlocal read
        for number in range(3 * PAGE):
            read += 1
            yield RowResult(Row(number, {}), "CHECKED", str(number)), Submission(str(number), b"", b"")

    def ask(sent: Sequence[Submission]) -> Sequence[Foreseen]:
        asked.append((read, len(sent)))
        return [Foreseen(()) for _ in sent]

    found = foretold(prepared(), ask=ask, contract=CONTRACT)
    assert next(found).result.row.number == 0 and read == PAGE
    assert [one.result.row.number for one in found] == list(range(1, 3 * PAGE))
    assert asked == [(PAGE, PAGE), (2 * PAGE, PAGE), (3 * PAGE, PAGE)]


def test_a_page_without_anything_to_send_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foretelling, "PAGE", 1)
    refused = [(RowResult(Row(number, {}), "REFUSED"), None) for number in range(3)]
    assert [one.told["outcome"] for one in foretold(refused, ask=lambda sent: 1 // 0, contract=CONTRACT)] == ["REFUSED"] * 3
