"""What every read store keeps to: the one in memory and the real one on PostgreSQL. Both are given the same steps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.contract.values import jsonable
from databus.errors import Malformed, StoreUnavailable
from databus.gateway.records import Records, StoreRecords
from databus.model.change import Change, Kind
from databus.model.disclosure import Permit
from databus.model.labels import Standing
from databus.store.datasets import Dataset, datasets_of
from databus.store.records import Page
from databus.store.rows import RecordRow
from databus.store.versions import Version
from databus.testing.records import MemoryRecords
from engines import store_at
from store.line import CODE, INTERNAL, NAME, OPEN, OTHER, OTHER_CODE, PERMIT, PUBLIC, REGISTERED, SUBJECT, TODAY, Line

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
REVOKED = replace(OPEN, standing=Standing.REVOKED)
EPOCH = date(1970, 1, 1)
EVERYTHING = {"classes": PUBLIC, "today": TODAY}


@dataclass
class Stored:
    """A store and the ways into it."""

    records: Records
    dataset: Dataset
    change: Callable[..., Change]
    happen: Callable[..., Awaitable[None]]
    permit: Callable[[Permit], Awaitable[None]]
    lose: Callable[[], Awaitable[None]]

    async def page(self, **asked: Any) -> Page:
        clear = {name: PUBLIC for name in self.dataset.columns}
        given = {"filters": {}, "after": None, "limit": 100, "version": None, "order": None, "clear": clear}
        return await self.records.page(self.dataset, **{**EVERYTHING, **given, **asked})

    async def walk(self, **asked: Any) -> list[str]:
        page = await self.page(**asked)
        found = [row.record_key for row in page.rows]
        while page.after is not None:
            page = await self.page(**{**asked, "after": page.after, "version": page.version})
            found += [row.record_key for row in page.rows]
        return found

    async def told(self, since: Version, **asked: Any) -> list[tuple[str, bool]]:
        steps = await self.records.steps(since, **{**EVERYTHING, "limit": 100, **asked})
        return [(step.record.event_id.removeprefix("event-"), step.withdrawn) for step in steps.rows]


@pytest.fixture(scope="module")
def contract() -> Contract:
    return catalogue.load(SCHEMAS)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.live)])
async def stored(request: pytest.FixtureRequest, contract: Contract) -> AsyncIterator[Stored]:
    dataset = datasets_of(contract)["penalties"]
    if request.param == "memory":
        yield _in_memory(contract, dataset)
        return
    async with store_at(request.getfixturevalue("engines").fresh_database(), contract) as pool:
        line = Line(pool, contract.codec(), contract)
        yield Stored(StoreRecords(pool), dataset, line.change, line.happen, line.permit, pool.close)


def _in_memory(contract: Contract, dataset: Dataset) -> Stored:
    memory, codec = MemoryRecords(), contract.codec()
    line = Line(None, codec, contract)  # type: ignore[arg-type]

    async def happen(*changes: Change) -> None:
        for change in changes:
            memory.put(_row(change, codec.decode(change.body)[1] if change.body else None))

    async def permit(one: Permit) -> None:
        memory.permits.append(one)

    async def lose() -> None:
        memory.away = True

    return Stored(memory, dataset, line.change, happen, permit, lose)


def _row(change: Change, told: dict[str, Any] | None) -> RecordRow:
    days = dict.fromkeys(("valid_from", "valid_to", "decided_at")) if told is None else told["envelope"]
    return RecordRow(
        record_type=change.record_type,
        record_key=change.record_key,
        subject_key=change.subject_key,
        subject_name=change.subject_name,
        codes=change.codes,
        department=change.department,
        system=change.system,
        standing=change.standing,
        class_id=change.label_class.class_id,
        payload=None if told is None else jsonable(told["payload"]),
        valid_from=days["valid_from"],
        valid_to=days["valid_to"],
        decided_at=days["decided_at"],
        wake=None if change.wake is None else EPOCH + timedelta(days=change.wake),
        known_at=change.known_at,
        event_id=change.event_id,
        submission_id=change.submission_id,
        catalog_code=change.catalog_code,
        rule=change.rule,
        seq=change.seq if told is None else told["envelope"]["source_seq"],
        recorded_at=0 if told is None else told["envelope"]["recorded_at"],
    )


async def fined(stored: Stored, *yuan: int) -> None:
    """Penalties f-<fine>, decided on successive days."""
    for number, fine in enumerate(yuan):
        payload = {"fine_yuan": Decimal(fine), "decided_at": date(2026, 1, 1) + timedelta(days=number)}
        await stored.happen(stored.change(f"f{fine}", record_key=f"f-{fine}", payload=payload))


async def test_a_record_as_written_comes_back(stored: Stored) -> None:
    await stored.happen(stored.change("a"))
    (row,) = await stored.records.of_subject(SUBJECT, **EVERYTHING)
    assert (row.record_key, row.class_id, row.standing, row.event_id) == ("penalty-1", OPEN.class_id, Standing.SHOWN, "event-a")
    assert row.payload is not None and (row.payload["fine_yuan"], row.payload["decided_at"]) == ("2000.00", "2026-09-03")


async def test_a_hidden_record_changes_nothing_in_any_answer(stored: Stored) -> None:
    async def answers() -> list[Any]:
        of_subject = await stored.records.of_subject(SUBJECT, **EVERYTHING)
        seen = await stored.records.seen(SUBJECT, **EVERYTHING)
        found = await stored.records.find("样例", **EVERYTHING, limit=10, after=None)
        page = await stored.page()
        return [of_subject, seen, list(found), page.rows, await stored.records.totals(**EVERYTHING), await stored.told(Version())]

    await stored.happen(stored.change("a"))
    before = await answers()
    hidden = {"label_class": INTERNAL, "record_key": "hidden", "subject_name": "藏名有限公司"}
    await stored.happen(stored.change("h", **hidden, codes={"CN-USCI": CODE, "CN-REG": "220000000000017"}))
    await stored.happen(stored.change("other", **hidden, subject_key=OTHER, codes={"CN-USCI": OTHER_CODE}))
    assert await answers() == before
    assert await stored.records.seen(OTHER, **EVERYTHING) is None
    assert await stored.records.seen(SUBJECT, **EVERYTHING, asked="220000000000017") is None


async def test_a_subject_is_found_by_any_fragment_and_by_code(stored: Stored) -> None:
    await stored.happen(
        stored.change("a"), stored.change("b", record_key="r", subject_key=OTHER, subject_name="别家公司", codes={"CN-USCI": OTHER_CODE})
    )
    for question in ("样例", "粮油有限", NAME, CODE, CODE.lower(), f" {CODE} "):
        found = await stored.records.find(question, **EVERYTHING, limit=10, after=None)
        assert [(row.subject_key, row.name) for row in found] == [(SUBJECT, NAME)], question
    assert list(await stored.records.find("没有", **EVERYTHING, limit=10, after=None)) == []
    seen = await stored.records.by_code(CODE)
    assert seen is not None and seen.subject_key == SUBJECT and await stored.records.by_code("91220202YYYY000399") is None


@pytest.mark.parametrize(("days", "there"), [(-1, False), (0, False), (1, True)])
async def test_a_record_whose_wake_day_has_come_is_held(stored: Stored, days: int, there: bool) -> None:
    await stored.happen(stored.change("a", wake=(TODAY - EPOCH).days + days))
    assert bool(await stored.records.of_subject(SUBJECT, **EVERYTHING)) is there
    assert bool((await stored.page()).rows) is there and (await stored.records.seen(SUBJECT, **EVERYTHING) is not None) is there


async def test_a_record_without_content_is_not_shown(stored: Stored) -> None:
    await stored.happen(stored.change("a"), stored.change("b", kind=Kind.ENDED, body=None))
    assert list(await stored.records.of_subject(SUBJECT, **EVERYTHING)) == [] and (await stored.page()).rows == ()


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_pages_hold_every_row_once_and_sort_amounts_as_amounts(stored: Stored, limit: int) -> None:
    await fined(stored, 1000, 90, 200, 5)
    assert await stored.walk(limit=limit, order="fine_yuan") == ["f-5", "f-90", "f-200", "f-1000"]
    assert await stored.walk(limit=limit, order="-fine_yuan") == ["f-1000", "f-200", "f-90", "f-5"]
    assert await stored.walk(limit=limit) == ["f-5", "f-200", "f-90", "f-1000"]


async def test_a_walk_stays_in_its_version(stored: Stored) -> None:
    await fined(stored, 1, 2, 3)
    first = await stored.page(limit=1, order="fine_yuan")
    await fined(stored, 4)
    await stored.happen(stored.change("gone", record_key="f-2", kind=Kind.ENDED, label_class=REVOKED))
    rest = await stored.page(order="fine_yuan", after=first.after, version=first.version)
    assert [row.record_key for row in rest.rows] == ["f-3"] and rest.version == first.version
    clear = {name: PUBLIC for name in stored.dataset.columns}
    assert await stored.records.withdrawn(stored.dataset, **EVERYTHING, filters={}, version=first.version, clear=clear) == 1


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"fine_yuan.from": "200"}, ["f-1000", "f-200"]),
        ({"fine_yuan.to": "200"}, ["f-200", "f-90"]),
        ({"doc_no": "吉应急罚〔2026〕7号"}, ["f-1000", "f-200", "f-90"]),
        ({"penalty_kinds.has": "WARNING"}, []),
        ({"counterparty_name.contains": "粮油", "decided_at.from": "2026-01-02"}, ["f-200", "f-90"]),
    ],
)
async def test_a_filter_lets_through_what_it_says(stored: Stored, filters: dict[str, str], found: list[str]) -> None:
    await fined(stored, 1000, 90, 200)
    assert await stored.walk(filters=filters, order="-fine_yuan") == found


async def test_a_field_that_does_not_leave_neither_filters_nor_sorts(stored: Stored) -> None:
    await fined(stored, 1000, 90)
    assert (await stored.page(filters={"fine_yuan.from": "1"}, clear={})).rows == ()
    assert await stored.walk(limit=1, order="fine_yuan", clear={}) == ["f-1000", "f-90"], "by their keys"
    assert await stored.walk(order="fine_yuan") == ["f-90", "f-1000"]


@pytest.mark.parametrize("asked", [{"filters": {"remark": "x"}}, {"filters": {"fine_yuan.from": "much"}}, {"order": "remark"}])
async def test_a_question_the_dataset_does_not_have_is_refused(stored: Stored, asked: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        await stored.page(**asked)


async def test_a_feed_tells_each_step_once_and_goes_on_where_it_stopped(stored: Stored) -> None:
    await stored.happen(*(stored.change(name, record_key=name) for name in "abc"))
    whole = [("a", False), ("b", False), ("c", False)]
    assert await stored.told(Version()) == whole
    found, version = [], Version()
    while (steps := await stored.records.steps(version, **EVERYTHING, limit=1)).rows:
        found += [(step.record.event_id.removeprefix("event-"), step.withdrawn) for step in steps.rows]
        version = steps.version
    assert found == whole and version == await stored.records.vector() and not steps.more


async def test_a_withdrawn_record_leaves_only_as_its_withdrawal(stored: Stored) -> None:
    await stored.happen(stored.change("a"))
    since = await stored.records.vector()
    await stored.happen(stored.change("b", kind=Kind.ENDED, label_class=REVOKED))
    assert await stored.told(since) == await stored.told(Version()) == [("b", True)]
    (step,) = (await stored.records.steps(since, **EVERYTHING, limit=10)).rows
    assert step.record.payload is None


async def test_the_version_grows_with_every_step_and_nothing_else(stored: Stored) -> None:
    assert await stored.records.vector() == Version()
    await stored.happen(stored.change("a"))
    first = await stored.records.vector()
    await stored.happen(stored.change("b", record_key="b", label_class=REGISTERED))
    assert (await stored.records.vector()).covers(first) and await stored.records.vector() != first
    assert await stored.records.totals(**EVERYTHING) == (1, 2) and await stored.records.floor() == Version()


@pytest.mark.parametrize(
    ("more", "holds"),
    [
        ({}, True),
        ({"grantee": "agency-south"}, False),
        ({"subjects": (OTHER,)}, False),
        ({"subjects": ()}, True),
        ({"purposes": ("OTHER",)}, False),
        ({"revoked": True}, False),
        ({"valid_from": TODAY, "valid_to": TODAY}, True),
        ({"valid_to": TODAY - timedelta(days=1)}, False),
        ({"valid_from": TODAY + timedelta(days=1)}, False),
    ],
)
async def test_a_permit_holds_for_whom_for_what_and_when_it_says(stored: Stored, more: dict[str, Any], holds: bool) -> None:
    permit = replace(PERMIT, **more)
    await stored.permit(permit)
    found = await stored.records.permit("agency-north", subject_key=SUBJECT, purpose="CREDIT", day=TODAY)
    assert found == (permit if holds else None)


async def test_without_the_store_there_is_no_answer(stored: Stored) -> None:
    await stored.happen(stored.change("a"))
    await stored.lose()
    for question in (stored.records.vector(), stored.records.of_subject(SUBJECT, **EVERYTHING), stored.page()):
        with pytest.raises(StoreUnavailable):
            await question
