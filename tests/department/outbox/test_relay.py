"""The outbox in a real PostgreSQL, with a bus that does as it is told: order, marks, and nothing lost whoever goes away."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from databus.cli.app import run
from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.files.lines import LINE_LIMIT
from databus.department.outbox import relay as relays
from databus.department.outbox.relay import Relaying, relay
from databus.department.outbox.table import ddl
from databus.department.outcome import Remark
from databus.department.publisher import Done, Taken
from databus.department.submission import Submission
from databus.errors import BadSettings, BusUnavailable, DatabusError, DataUnusable, NotAllowed, StoreUnavailable
from databus.local import keys
from databus.local.aside import free_ports
from department.conftest import SCHEMAS
from engines import Engines

pytestmark = pytest.mark.live
FACT = {"uscc": "91220000YYYY00012A", "counterparty_name": "某某公司", "counterparty_kind": "LEGAL_PERSON", "decided_at": "2026-11-09"}
SECONDS = 60.0
CODEC = catalogue.load(SCHEMAS).codec()


class Bus:
    """Takes what it is sent, or answers as told; what it took, in order."""

    def __init__(self, answer: Callable[[int, Submission], DatabusError | None] = lambda number, submission: None) -> None:
        self.taken: list[Submission] = []
        self.closed = 0
        self._answer = answer
        self._seen = 0

    def publish(self, submission: Submission, done: Done) -> None:
        self._seen += 1
        if error := self._answer(self._seen, submission):
            done(submission.submission_id, error)
            return
        self.taken.append(submission)
        done(submission.submission_id, Taken(submission.submission_id, "in.emergency", 1, len(self.taken) - 1, 1_795_400_000_000))

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        self.closed += 1


async def accepted(submissions: Sequence[str]) -> Mapping[str, tuple[str, tuple[Remark, ...]]]:
    return dict.fromkeys(submissions, ("ACCEPTED", ()))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(relays, "_VERDICT_SECONDS", 0.05)


@pytest.fixture
async def table(engines: Engines) -> AsyncIterator[Table]:
    dsn = engines.fresh_database().get_secret_value()
    connection = await asyncpg.connect(dsn)
    await connection.execute(ddl())
    try:
        yield Table(dsn, connection)
    finally:
        await connection.close()


class Table:
    """A department's outbox, as its own application uses it."""

    def __init__(self, dsn: str, connection: Any) -> None:
        self.dsn, self.connection = dsn, connection

    async def insert(self, *facts: Any, record_type: str = "ADMIN_PENALTY", entry: str | None = None) -> None:
        for fact in facts:
            text = fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
            await self.connection.execute(
                "INSERT INTO databus_outbox (record_type, fact, entry) VALUES ($1, $2, $3)", record_type, text, entry
            )

    async def rows(self) -> list[dict[str, Any]]:
        found = await self.connection.fetch("SELECT * FROM databus_outbox ORDER BY id")
        return [{**dict(row), "remarks": json.loads(row["remarks"] or "[]")} for row in found]

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.rows()]


def fact(number: int, **more: Any) -> dict[str, Any]:
    return {**FACT, "doc_no": f"吉应急罚〔2026〕{number}号", **more}


@pytest.fixture
def told(contract: Contract) -> Relaying:
    return Relaying("emergency", "cases", contract, b"s" * 32, 0.2, 0.5)


async def emptied(table: Table, told: Relaying, bus: Bus, verdicts: Any = accepted) -> None:
    async with asyncio.timeout(SECONDS):
        await relay(table.dsn, relaying=told, connect=lambda: (bus, CODEC), verdicts=verdicts, stop=asyncio.Event(), once=True)


@asynccontextmanager
async def running(table: Table, told: Relaying, bus: Bus, verdicts: Any = accepted) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(relay(table.dsn, relaying=told, connect=lambda: (bus, CODEC), verdicts=verdicts, stop=stop))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(SECONDS):
            await task


async def eventually(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await true():  # noqa: ASYNC110 - the table tells nobody
            await asyncio.sleep(0.02)


async def test_rows_leave_in_their_order_and_are_marked(table: Table, told: Relaying) -> None:
    await table.connection.execute(ddl())  # safe to repeat
    await table.insert(*(fact(number) for number in range(relays.BATCH + 20)))
    bus = Bus()
    await emptied(table, told, bus)
    decoded = [CODEC.decode(one.value)[1] for one in bus.taken]
    assert [one["payload"]["doc_no"] for one in decoded] == [fact(number)["doc_no"] for number in range(relays.BATCH + 20)]
    assert [one["envelope"]["source_seq"] for one in decoded] == list(range(1, relays.BATCH + 21))
    assert {one["envelope"]["source_system"] for one in decoded} == {"cases"}
    rows = await table.rows()
    assert {row["state"] for row in rows} == {"ACCEPTED"}
    assert [row["submission_id"] for row in rows] == [one.submission_id for one in bus.taken]
    assert (rows[2]["inbox_partition"], rows[2]["inbox_offset"], rows[2]["taken_at"].timestamp()) == (1, 2, 1_795_400_000.0)
    assert bus.closed == 1


BAD: Mapping[str, Any] = {
    "twice": '{"doc_no": "1", "doc_no": "2"}',
    "a date": fact(1, decided_at="yesterday"),
    "no field for the column nonsense": fact(1, nonsense=1),
    "state secrets": {**fact(1), "envelope": {"secrecy": "MIMI"}},
    "longer than": fact(1, remark="x" * LINE_LIMIT),
    "object": [1],
    "no text": '{"doc_no": "\\u0000"}',
    "10^": fact(1, fine_yuan=10**30),
}


async def test_a_row_that_cannot_leave_says_why_and_holds_up_nobody(table: Table, told: Relaying) -> None:
    for text in BAD.values():
        await table.insert(text, fact(7))
    await table.insert(fact(1), record_type="NO_SUCH_TYPE")
    await table.insert(fact(1), record_type="LP_REGISTRATION")
    await table.insert(fact(1), entry="307001/000004")
    bus = Bus()
    await emptied(table, told, bus)
    rows = await table.rows()
    assert len(bus.taken) == len(BAD)
    assert [row["state"] for row in rows] == [*["REFUSED", "ACCEPTED"] * len(BAD), *["REFUSED"] * 3]
    for (said, _), row in zip(BAD.items(), rows[::2], strict=False):
        assert said in row["remarks"][0]["reason"] and row["remarks"][0]["rule"], row["remarks"]
    assert "NO_SUCH_TYPE" in rows[-3]["remarks"][0]["reason"]
    assert "market-regulation" in rows[-2]["remarks"][0]["reason"]
    assert "307001/000004" in rows[-1]["remarks"][0]["reason"]


async def test_findings_come_back_and_the_mended_row_names_them(table: Table, told: Relaying) -> None:
    async def rejected(submissions: Sequence[str]) -> Mapping[str, tuple[str, tuple[Remark, ...]]]:
        return dict.fromkeys(submissions, ("REJECTED", (Remark("DQ-ACC-01", "uscc", "x", "check", "y", "R", "f-1"),)))

    await table.insert(fact(1))
    await emptied(table, told, Bus(), rejected)
    (row,) = await table.rows()
    assert (row["state"], row["remarks"][0]["finding_id"]) == ("REJECTED", "f-1")
    await table.connection.execute("UPDATE databus_outbox SET fact = $1, state = 'WAITING'", json.dumps(fact(1, remark="mended")))
    bus = Bus()
    await emptied(table, told, bus)
    assert dict(bus.taken[0].headers)["databus-fixes"] == b"f-1"
    (row,) = await table.rows()
    assert (row["state"], row["remarks"]) == ("ACCEPTED", [])


async def test_what_was_not_taken_leaves_again_with_all_behind_it_of_its_subject(table: Table, told: Relaying) -> None:
    """The bus loses the second row once: the third, of the same subject, leaves again too; another subject's does not."""
    lost = []

    def second(number: int, submission: Submission) -> DatabusError | None:
        if number == 2 and not lost:
            lost.append(number)
            return BusUnavailable("away")
        return None

    other = {**FACT, "uscc": "91220102YYYY000207", "doc_no": "4"}
    await table.insert(fact(1), fact(2), fact(3), other)
    bus = Bus(second)
    async with running(table, told, bus):
        await eventually(lambda: all_accepted(table))
    sent = [one.submission_id for one in bus.taken]
    one, two, three, four = (row["submission_id"] for row in await table.rows())
    assert sent == [one, three, four, two, three]
    assert bus.closed == 2


async def all_accepted(table: Table) -> bool:
    return set(await table.states()) == {"ACCEPTED"}


async def test_a_new_row_wakes_the_relay_and_a_lost_notification_only_delays(table: Table, told: Relaying) -> None:
    bus = Bus()
    async with running(table, told, bus):
        await table.insert(fact(1))
        await eventually(lambda: all_accepted(table))
        await table.connection.execute("ALTER TABLE databus_outbox DISABLE TRIGGER USER")
        await table.insert(fact(2))
        await eventually(lambda: all_accepted(table))
    assert len(bus.taken) == 2


async def test_only_one_relay_works_and_the_next_takes_over(table: Table, told: Relaying) -> None:
    first, second = Bus(), Bus()
    async with running(table, told, second):
        async with running(table, told, first):
            for number in range(5):
                await table.insert(fact(number))
                await eventually(lambda: all_accepted(table))
            assert not (first.taken and second.taken)
            worked = len(first.taken) + len(second.taken)
        await table.insert(fact(6))
        await eventually(lambda: all_accepted(table))
    assert worked == 5 and len(first.taken) + len(second.taken) == 6


async def test_a_database_that_goes_away_is_waited_for(table: Table, told: Relaying) -> None:
    bus = Bus()
    async with running(table, told, bus):
        await table.insert(fact(1))
        await eventually(lambda: all_accepted(table))
        await table.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await table.insert(fact(2))
        await eventually(lambda: all_accepted(table))
    assert len({one.submission_id for one in bus.taken}) == 2


async def test_a_bus_that_is_away_from_the_start_is_waited_for(table: Table, told: Relaying) -> None:
    bus, tried = Bus(), []

    def connect() -> tuple[Bus, Codec]:
        tried.append(1)
        if len(tried) < 3:
            raise BusUnavailable("not yet")
        return bus, CODEC

    await table.insert(fact(1))
    stop = asyncio.Event()
    task = asyncio.create_task(relay(table.dsn, relaying=told, connect=connect, verdicts=accepted, stop=stop))
    await eventually(lambda: all_accepted(table))
    stop.set()
    await task
    assert len(tried) == 3


async def test_a_row_changed_on_its_way_keeps_waiting(table: Table, told: Relaying) -> None:
    changed: list[str] = []

    def change(number: int, submission: Submission) -> DatabusError | None:
        if not changed:
            changed.append(submission.submission_id)
            asyncio.run(edited())
        return None

    async def edited() -> None:
        other = await asyncpg.connect(table.dsn)
        await other.execute("UPDATE databus_outbox SET fact = $1", json.dumps(fact(1, remark="later")))
        await other.close()

    await table.insert(fact(1))
    bus = Bus(change)
    await emptied(table, told, bus)
    assert len(bus.taken) == 2 and b"later" in bus.taken[1].value


async def test_verdicts_that_nobody_can_tell_stop_nothing(table: Table, told: Relaying) -> None:
    async def away(submissions: Sequence[str]) -> Mapping[str, tuple[str, tuple[Remark, ...]]]:
        raise StoreUnavailable("away")

    await table.insert(fact(1), fact(2))
    bus = Bus()
    await emptied(table, told, bus, away)
    assert await table.states() == ["SENT", "SENT"]


async def test_rows_without_a_verdict_do_not_keep_others_from_theirs(table: Table, told: Relaying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "BATCH", 2)

    async def last(submissions: Sequence[str]) -> Mapping[str, tuple[str, tuple[Remark, ...]]]:
        return {one: ("ACCEPTED", ()) for one in submissions if one == bus.taken[-1].submission_id and len(bus.taken) == 5}

    await table.insert(*(fact(number) for number in range(5)))
    bus = Bus()
    await emptied(table, told, bus, last)
    assert await table.states() == ["SENT", "SENT", "SENT", "SENT", "ACCEPTED"]


async def test_who_may_not_write_there_is_told(table: Table, told: Relaying) -> None:
    await table.insert(fact(1))
    with pytest.raises(NotAllowed):
        await emptied(table, told, Bus(lambda number, submission: NotAllowed("not yours")))
    assert await table.states() == ["WAITING"]


async def test_a_dry_run_tells_what_would_become_of_each_row_and_changes_none(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys.ensure(tmp_path / "home", ("emergency",))
    opa, postgres = free_ports(2)
    for name, value in {"HOME": str(tmp_path / "home"), "OPA__PORT": str(opa), "POSTGRES__PORT": str(postgres)}.items():
        monkeypatch.setenv(f"DATABUS_{name}", value)
    monkeypatch.setattr(relays, "BATCH", 2)
    shipped = json.loads((SCHEMAS / "ADMIN_PENALTY" / "example.json").read_text("utf-8"))["payload"]
    await table.insert(shipped, {**shipped, "uscc": "91220000YYYY00012B"}, {**shipped, "decided_at": "yesterday"}, "[]")
    before = await table.rows()
    relaying = ["outbox", "relay", "--dsn", table.dsn, "--department", "emergency", "--dry-run"]
    assert await asyncio.to_thread(run, [*relaying, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    outcomes = [(one["row"], one["outcome"]) for one in said["results"]]
    assert outcomes == [(1, "ACCEPTED"), (2, "REJECTED"), (3, "REFUSED"), (4, "REFUSED")]
    assert [one["rule"] for one in said["results"][1]["findings"] if one["verdict"] == "R"] == ["DQ-ACC-01"]
    assert [one["field"] for one in said["results"][2]["problems"]] == ["decided_at"]
    assert said["dry_run"] is True and said["result"] is None and said["summary"]["outcomes"]["REFUSED"] == 2
    assert await asyncio.to_thread(run, [*relaying, "--row", "9"]) == 1
    told = capsys.readouterr()
    assert "Nothing has been sent." in told.out and "there is no row 9" in told.err
    assert await table.rows() == before


async def test_a_database_without_an_outbox_and_none_at_all(engines: Engines, told: Relaying) -> None:
    dsn = engines.fresh_database().get_secret_value()
    with pytest.raises(DataUnusable, match="outbox ddl"):
        await emptied(Table(dsn, None), told, Bus())
    with pytest.raises(StoreUnavailable):
        await emptied(Table(re.sub(r":\d+/", ":1/", dsn), None), told, Bus())
    for wrong in ("postgresql://x@127.0.0.1:99999/x", "no address", "http://x/"):
        with pytest.raises(BadSettings):
            await emptied(Table(wrong, None), told, Bus())


def test_the_definition_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["outbox", "ddl"]) == 0
    assert capsys.readouterr().out == ddl()
