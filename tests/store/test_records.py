"""Records of a subject and pages of a dataset, on real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from databus.errors import Gone, Malformed
from databus.model.change import Kind
from databus.model.labels import Standing
from databus.store import records, totals
from databus.store.datasets import Dataset, datasets_of
from databus.store.records import Page
from databus.store.versions import Version
from store.line import CODE, INTERNAL, NAME, OPEN, OTHER, OTHER_CODE, PUBLIC, SUBJECT, TODAY, Line

pytestmark = pytest.mark.live

EPOCH = date(1970, 1, 1)


@pytest.fixture
def penalties(line: Line) -> Dataset:
    return datasets_of(line.contract)["penalties"]


async def read(line: Line, dataset: Dataset, **asked: Any) -> Page:
    return await records.page(line.pool, dataset, **{"classes": PUBLIC, "today": TODAY, **asked})


def keys(page: Page) -> list[str]:
    return [row.record_key for row in page.rows]


async def walk(line: Line, dataset: Dataset, **asked: Any) -> list[str]:
    page = await read(line, dataset, **asked)
    found = keys(page)
    while page.after:
        page = await read(line, dataset, **{**asked, "after": page.after, "version": page.version})
        found += keys(page)
    return found


async def penalise(line: Line, count: int, **told: Any) -> None:
    """Penalties p-00, p-01, … decided on successive days, with fines of 0, 100, 200 …"""
    steps = [
        line.change(
            f"p{number}",
            record_key=f"p-{number:02}",
            payload={"decided_at": date(2026, 1, 1) + timedelta(days=number), "fine_yuan": Decimal(100 * number)},
            **told,
        )
        for number in range(count)
    ]
    await line.happen(*steps)


async def test_a_subject_has_its_current_visible_records_the_latest_decision_first(line: Line) -> None:
    await line.happen(
        line.change("a", payload={"e_decided_at": date(2026, 1, 1)}),
        line.change("b", record_key="penalty-2", payload={"e_decided_at": date(2026, 2, 1)}),
        line.change("c", record_key="penalty-3", label_class=INTERNAL),
        line.change("d", record_key="penalty-4", subject_key=OTHER),
        line.change("e", kind=Kind.CHANGED, payload={"content": "新的内容", "e_decided_at": date(2026, 1, 1)}),
    )
    found = await records.of_subject(line.pool, SUBJECT, classes=PUBLIC, today=TODAY)
    assert [(row.record_key, row.event_id) for row in found] == [("penalty-2", "event-b"), ("penalty-1", "event-e")]
    assert found[1].payload is not None and found[1].payload["content"] == "新的内容"
    assert (found[1].subject_name, found[1].codes, found[1].standing) == (NAME, {"CN-USCI": CODE}, Standing.SHOWN)
    assert await totals.count(line.pool, classes=PUBLIC, today=TODAY) == (2, 3)


@pytest.mark.parametrize(("wake", "there"), [(TODAY - timedelta(1), False), (TODAY, False), (TODAY + timedelta(1), True)])
async def test_a_record_whose_wake_day_has_come_is_held(line: Line, penalties: Dataset, wake: date, there: bool) -> None:
    await line.happen(line.change("a", wake=(wake - EPOCH).days))
    assert bool(await records.of_subject(line.pool, SUBJECT, classes=PUBLIC, today=TODAY)) is there
    assert bool((await read(line, penalties)).rows) is there


async def test_pages_meet_in_every_order_and_hold_every_row_once(line: Line, penalties: Dataset) -> None:
    await penalise(line, 7)
    falling = [f"p-{number:02}" for number in range(6, -1, -1)]
    assert await walk(line, penalties, limit=3) == falling
    assert await walk(line, penalties, limit=2, order="fine_yuan") == falling[::-1]
    assert await walk(line, penalties, limit=7, order="-fine_yuan") == falling
    assert (await read(line, penalties, limit=7)).after is None


async def test_rows_without_the_value_come_last_when_falling_and_first_when_rising(line: Line, penalties: Dataset) -> None:
    await penalise(line, 2)
    await line.happen(line.change("n", record_key="none", payload={"fine_yuan": None, "decided_at": None}))
    assert await walk(line, penalties, limit=1, order="-fine_yuan") == ["p-01", "p-00", "none"]
    assert await walk(line, penalties, limit=1, order="decided_at") == ["none", "p-00", "p-01"]
    assert await walk(line, penalties, filters={"fine_yuan.to": "1000"}) == ["p-01", "p-00"]


async def test_a_walk_stays_in_its_version_while_records_change_come_and_go(line: Line, penalties: Dataset) -> None:
    await penalise(line, 4)
    first = await read(line, penalties, limit=1, order="decided_at")
    await line.happen(
        line.change("new", record_key="p-99", payload={"decided_at": date(2026, 1, 2)}),
        line.change("corrected", record_key="p-01", kind=Kind.CHANGED, payload={"decided_at": date(2020, 1, 1)}),
        line.change("withdrawn", record_key="p-02", kind=Kind.ENDED, label_class=replace(OPEN, standing=Standing.REVOKED)),
    )
    rest = await read(line, penalties, order="decided_at", after=first.after, version=first.version)
    assert keys(rest) == ["p-01", "p-03"]
    assert rest.rows[0].payload is not None and rest.rows[0].payload["decided_at"] == "2026-01-02"
    gone = await records.withdrawn(line.pool, penalties, classes=PUBLIC, today=TODAY, version=first.version)
    assert gone == 1
    assert await walk(line, penalties, order="decided_at") == ["p-01", "p-00", "p-99", "p-03"]


async def test_a_pinned_row_is_judged_by_the_class_of_its_record_now(line: Line, penalties: Dataset) -> None:
    await line.happen(line.change("a", label_class=INTERNAL))
    pinned = await records.vector(line.pool)
    await line.happen(line.change("b", kind=Kind.CHANGED))
    (row,) = (await read(line, penalties, version=pinned)).rows
    assert (row.event_id, row.class_id) == ("event-a", OPEN.class_id)


async def test_versions_of_partitions_are_apart(line: Line, penalties: Dataset) -> None:
    await line.happen(line.change("a"), part=3)
    pinned = await records.vector(line.pool)
    await line.happen(line.change("b", record_key="penalty-2"), part=5)
    assert keys(await read(line, penalties, version=pinned)) == ["penalty-1"]
    assert keys(await read(line, penalties, version=Version(1, {5: 0}))) == ["penalty-2"]
    assert keys(await read(line, penalties, version=Version())) == []


async def test_another_generation_is_gone(line: Line, penalties: Dataset) -> None:
    await line.happen(line.change("a"))
    await line.rows("UPDATE positions SET generation = 2 RETURNING 1")
    with pytest.raises(Gone):
        await read(line, penalties, version=Version(1, {0: 0}))


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"uscc": OTHER_CODE}, ["b"]),
        ({"counterparty_name.contains": "样例"}, ["a", "b"]),
        ({"counterparty_name.contains": "%"}, []),
        ({"penalty_kinds.has": "WARNING"}, ["b"]),
        ({"penalty_kinds.has": "FINE"}, ["a", "b"]),
        ({"counterparty_kind.in": "PERSON,LEGAL_PERSON"}, ["a", "b"]),
        ({"fine_yuan.from": "900", "fine_yuan.to": "3000.5"}, ["a"]),
        ({"fine_yuan.from": "10000"}, ["b"]),
        ({"decided_at.from": "2026-09-03", "decided_at.to": "2026-09-03"}, ["a"]),
        ({"decided_at": "20260903"}, ["a"]),
        ({"decided_at.to": "2026-09-02"}, ["b"]),
        ({"uscc": CODE, "penalty_kinds.has": "WARNING"}, []),
    ],
)
async def test_filters_compare_values_by_their_kind(line: Line, penalties: Dataset, filters: dict[str, str], found: list[str]) -> None:
    other = {"uscc": OTHER_CODE, "penalty_kinds": ["WARNING", "FINE"], "fine_yuan": Decimal("20000.00"), "decided_at": date(2026, 2, 1)}
    await line.happen(line.change("a", record_key="a"), line.change("b", record_key="b", payload=other))
    assert sorted(keys(await read(line, penalties, filters=filters))) == found


@pytest.mark.parametrize(
    "filters",
    [
        {"remark": "x"},
        {"uscc.contains": "9"},
        {"uscc'; DROP TABLE steps; --": "x"},
        {"payload": "{}"},
        {"decided_at": "yesterday"},
        {"decided_at": "2026-02-30"},
        {"fine_yuan.from": "1e999999999"},
        {"fine_yuan.from": "NaN"},
        {"fine_yuan.from": "1); DROP TABLE steps"},
        {"uscc": "x" * 201},
        {"uscc": "a\x00b"},
        {"uscc": "\ud800"},
        {"counterparty_kind.in": "x," * 101},
    ],
)
async def test_filters_that_are_none_are_refused(line: Line, penalties: Dataset, filters: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        await read(line, penalties, filters=filters)


@pytest.mark.parametrize("hostile", ["' OR 1=1 --", "'; DROP TABLE steps; --", "\\", "%", "_", "$1", "${0}", "{expression}", "\u202e"])
async def test_hostile_values_are_values(line: Line, penalties: Dataset, hostile: str) -> None:
    await line.happen(line.change("a"), line.change("b", record_key="b", payload={"doc_no": hostile}))
    assert keys(await read(line, penalties, filters={"doc_no": hostile})) == ["b"]
    assert keys(await read(line, penalties, filters={"counterparty_name.contains": hostile})) == []
    assert await records.of_subject(line.pool, hostile, classes=PUBLIC, today=TODAY) == ()


@pytest.mark.parametrize("order", ["remark", "-remark", "decided_at; DROP TABLE steps", "--decided_at", "doc_no"])
async def test_orders_that_are_none_are_refused(line: Line, penalties: Dataset, order: str) -> None:
    with pytest.raises(Malformed):
        await read(line, penalties, order=order)


@pytest.mark.parametrize("after", [("x", "a", "b"), ("1",), (None, "a", "b"), (1, 2, 3)])
async def test_a_place_of_another_order_is_refused(line: Line, penalties: Dataset, after: Any) -> None:
    with pytest.raises(Malformed):
        await read(line, penalties, order="fine_yuan", after=after)


async def test_a_withheld_field_neither_filters_nor_sorts(line: Line, penalties: Dataset) -> None:
    narrow = replace(OPEN, narrowed=("fine_yuan",))
    await line.happen(
        line.change("a", record_key="a", payload={"fine_yuan": Decimal(5)}),
        line.change("b", record_key="b", payload={"fine_yuan": Decimal(9)}, label_class=narrow),
        line.change("c", record_key="c", payload={"fine_yuan": Decimal(1)}, label_class=narrow),
    )
    asked: dict[str, Any] = {"classes": [OPEN.class_id, narrow.class_id], "clear": {"fine_yuan": [OPEN.class_id]}}
    assert keys(await read(line, penalties, filters={"fine_yuan.from": "0"}, **asked)) == ["a"]
    assert await walk(line, penalties, order="-fine_yuan", limit=1, **asked) == ["a", "c", "b"]
    assert await walk(line, penalties, order="-fine_yuan", limit=1, classes=asked["classes"]) == ["b", "a", "c"]


async def test_an_invisible_record_changes_nothing(line: Line, penalties: Dataset) -> None:
    await penalise(line, 3)

    async def answers() -> list[object]:
        pages = await walk(line, penalties, limit=2), await walk(line, penalties, filters={"uscc": CODE})
        found = await records.of_subject(line.pool, SUBJECT, classes=PUBLIC, today=TODAY)
        gone = await records.withdrawn(line.pool, penalties, classes=PUBLIC, today=TODAY, version=await records.vector(line.pool))
        return [*pages, found, gone, await totals.count(line.pool, classes=PUBLIC, today=TODAY)]

    before = await answers()
    await line.happen(line.change("x", record_key="p-01b", label_class=INTERNAL, subject_name="别名有限公司"))
    assert await answers() == before
