"""Open data: filters, stable pages, exports a spreadsheet cannot be hurt by."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from databus.gateway.tables import guarded
from databus.model.labels import Standing, SubjectKind
from gateway.world import World, contract, example, label

RECORDS = "/v1/datasets/penalties/records"


def walk(client: TestClient, **asked: Any) -> list[dict[str, Any]]:
    pages, cursor = [], None
    while True:
        body = client.get(RECORDS, params={**asked, **({"cursor": cursor} if cursor else {})}).json()
        pages.append(body)
        cursor = body["next"]
        if cursor is None:
            return pages


def docs(pages: list[dict[str, Any]]) -> list[str]:
    return [one["fields"]["doc_no"] for page in pages for one in page["records"]]


def test_pages_add_up_to_the_whole(world: World, client: TestClient) -> None:
    world.penalties(23)
    whole = docs(walk(client, limit=1000))
    assert len(whole) == len(set(whole)) == 24
    assert docs(walk(client, limit=5)) == whole


def test_a_walk_stays_with_its_version(world: World, client: TestClient) -> None:
    world.penalties(9)
    first = client.get(RECORDS, params={"limit": 4}).json()
    before = docs(walk(client, limit=1000))
    world.put(label("ADMIN_PENALTY"), {**example("ADMIN_PENALTY"), "doc_no": "后来"}, code="91220184YYYY00047P")
    lost = world.records.versions[5].row
    world.put(label("ADMIN_PENALTY", standing=Standing.HIDDEN), dict(lost.payload or {}), record_key=lost.record_key)
    pages, cursor = [first], first["next"]
    while cursor:
        pages.append(client.get(RECORDS, params={"limit": 4, "cursor": cursor}).json())
        cursor = pages[-1]["next"]
    told = docs(pages)
    assert "后来" not in told
    assert (lost.payload or {})["doc_no"] not in told[4:], "what is withdrawn is left out at once"
    assert set(told) | {(lost.payload or {})["doc_no"]} == set(before)
    assert pages[-1]["withdrawn"] == 1 and pages[0]["withdrawn"] is None


def test_a_cursor_is_for_its_own_question(world: World, client: TestClient) -> None:
    world.penalties(5)
    cursor = client.get(RECORDS, params={"limit": 2}).json()["next"]
    assert client.get(RECORDS, params={"cursor": cursor, "limit": 3}).status_code == 200
    for other in ({"uscc": "x"}, {"sort": "fine_yuan"}):
        answer = client.get(RECORDS, params={"cursor": cursor, **other})
        assert answer.status_code == 400 and answer.json()["parameter"] == "cursor"


def test_a_pin_ends_after_a_day(world: World, client: TestClient) -> None:
    world.penalties(5)
    cursor = client.get(RECORDS, params={"limit": 2}).json()["next"]
    world.instant[0] = world.instant[0].replace(day=24, hour=9)
    assert client.get(RECORDS, params={"cursor": cursor}).status_code == 200
    world.instant[0] = world.instant[0].replace(day=24, hour=12)
    answer = client.get(RECORDS, params={"cursor": cursor})
    assert answer.status_code == 410 and "oldest" not in answer.json()


def test_a_version_the_store_has_dropped_is_gone_without_offsets(world: World, client: TestClient) -> None:
    world.penalties(5)
    cursor = client.get(RECORDS, params={"limit": 2}).json()["next"]
    world.records.lowest = 90
    answer = client.get(RECORDS, params={"cursor": cursor})
    assert answer.status_code == 410 and "90" not in answer.text


def test_an_equal_page_keeps_its_validator(world: World, client: TestClient) -> None:
    world.penalties(5)
    first = client.get(RECORDS, params={"limit": 2})
    assert client.get(RECORDS, params={"limit": 2}, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_filters(world: World, client: TestClient) -> None:
    world.penalties(5)
    assert docs(walk(client, doc_no="吉罚〔2026〕3号")) == ["吉罚〔2026〕3号"]
    assert len(docs(walk(client, **{"decided_at.from": "2025-01-03", "decided_at.to": "2025-01-04"}))) == 2
    assert docs(walk(client, uscc="")) == docs(walk(client)), "an empty field of a form is no filter"


@pytest.mark.parametrize(
    "asked",
    [
        {"legal_rep_name": "x"},
        {"doc_no.like": "x"},
        {"decided_at": "yesterday"},
        {"limit": "0"},
        {"limit": "1001"},
        {"limit": "١"},
        {"sort": "legal_rep_name"},
        {"'; DROP TABLE records; --": "1"},
        {"cursor": "x"},
    ],
)
def test_hostile_questions_are_refused(client: TestClient, asked: dict[str, str]) -> None:
    answer = client.get(RECORDS, params=asked)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_parameter_twice(client: TestClient) -> None:
    assert client.get(f"{RECORDS}?uscc=a&uscc=b").status_code == 400


def test_a_withheld_field_neither_filters_nor_shows(world: World, client: TestClient) -> None:
    household = label("ADMIN_PENALTY", subject_kind=SubjectKind.HOUSEHOLD)
    world.put(
        household, {**example("ADMIN_PENALTY"), "counterparty_name": "王小明", "doc_no": "户1号"}, code="92220106YYYY00063B", name="样例户"
    )
    body = client.get(RECORDS).json()
    mine = next(one for one in body["records"] if one["fields"]["doc_no"] == "户1号")
    assert mine["fields"]["counterparty_name"] == "王***"
    assert client.get(RECORDS, params={"counterparty_name": "王小明"}).json()["records"] == []
    assert "王小明" not in client.get("/datasets/penalties").text


def test_only_columns_of_the_dataset_leave(client: TestClient, world: World) -> None:
    columns = client.get("/v1/datasets/penalties").json()["columns"]
    record = client.get(RECORDS).json()["records"][0]
    assert set(record["fields"]) | set(record["withheld"]) <= {one["name"] for one in columns}


def test_csv_holds_what_the_pages_hold(world: World, client: TestClient) -> None:
    world.penalties(1203)
    answer = client.get("/v1/datasets/penalties/exports/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 1204 and [row["doc_no"] for row in rows] == docs(walk(client, limit=1000))
    assert answer.headers["content-type"].startswith("text/csv")
    page = client.get(RECORDS, params={"limit": 2}, headers={"Accept": "text/csv"})
    assert len(page.text.splitlines()) == 3 and 'rel="next"' in page.headers["Link"]
    assert client.get("/v1/datasets/penalties/exports/csv?bom=1").content.startswith("\ufeff".encode())
    assert len(client.get("/v1/datasets/penalties/exports/jsonl").text.splitlines()) == 1204


def test_csv_cells_are_no_formulas(world: World, client: TestClient) -> None:
    world.put(label("ADMIN_PENALTY"), {**example("ADMIN_PENALTY"), "doc_no": '=HYPERLINK("x")', "content": "@SUM(1)", "fine_yuan": "-5.00"})
    row = next(
        row for row in csv.DictReader(io.StringIO(client.get("/v1/datasets/penalties/exports/csv").text)) if "HYPER" in row["doc_no"]
    )
    assert row["doc_no"].startswith("'=") and row["content"].startswith("'@") and row["fine_yuan"] == "-5.00"


@given(st.text())
def test_no_text_begins_like_a_formula(text: str) -> None:
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert guarded(text).removeprefix("'") == text.removeprefix("'") or guarded(text) == text


def test_closed_and_unknown_datasets_are_not_there(client: TestClient) -> None:
    listed = {one["id"] for one in client.get("/v1/datasets").json()["datasets"]}
    assert listed == {name for name, dataset in contract().datasets.items() if dataset["open"]} and "penalties" in listed
    closed, unknown = client.get("/v1/datasets/key_persons/records"), client.get("/v1/datasets/nothing/records")
    assert closed.status_code == unknown.status_code == 404 and closed.content == unknown.content


def test_a_failure_in_the_middle_of_an_export_is_not_an_end(world: World, client: TestClient) -> None:
    world.penalties(1200)
    reads = world.records.page

    async def failing(*given: Any, **more: Any) -> Any:
        world.records.away = more["after"] is not None
        return await reads(*given, **more)

    world.records.page = failing  # type: ignore[method-assign]
    with pytest.raises(OSError, match="could not be finished"), TestClient(world.app) as loud:
        loud.get("/v1/datasets/penalties/exports/csv")
