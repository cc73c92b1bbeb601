"""A department's outbox on the whole line while its own database, the broker and the platform's database are killed in turn."""

from __future__ import annotations

import asyncio
import csv
import json
import signal
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import asyncpg
import pytest
from rich.console import Console

from databus.department.outbox.table import ddl
from databus.errors import StoreUnavailable
from databus.local import processes
from databus.local.aside import free_ports
from databus.local.engines import postgres
from databus.local.provision import postgres as program
from databus.local.stack import up
from databus.settings import CHECKOUT
from databus.store.sessions import translated
from engines import DEPARTMENTS, await_ready, local_settings
from live.line import Live, begun, eventually, live_of

pytestmark = pytest.mark.live
DEPARTMENT, TYPE = "emergency", "ADMIN_PENALTY"
PAUSE_SECONDS, PATIENCE_SECONDS = 0.2, 240.0


def rows_of(record_type: str, name: str) -> list[dict[str, str]]:
    """Shipped rows, without their empty cells."""
    with (CHECKOUT / "schemas" / record_type / "samples" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [{column: text for column, text in row.items() if text} for row in csv.DictReader(file)]


class Office:
    """The department's own PostgreSQL, with the outbox in it."""

    def __init__(self, folder: Path, sockets: Path) -> None:
        (self._port,), binaries = free_ports(1), program.binaries()
        who = postgres.identity(binaries)
        postgres.prepare(folder, binaries=binaries, who=who)
        self._part = postgres.part(folder, sockets, port=self._port, binaries=binaries, who=who)
        self._child = processes.spawn(self._part.command)
        await_ready(self._part, self._child)
        postgres.ensure_database(sockets, port=self._port, binaries=binaries, database="office", password="office")
        self.dsn = postgres.dsn(port=self._port, database="office", password="office")
        self.ask(ddl())

    def ask(self, statement: str, *arguments: Any) -> list[dict[str, Any]]:
        """Rows of one statement; StoreUnavailable while it is away."""

        async def asked() -> list[dict[str, Any]]:
            async with translated():
                connection = await asyncpg.connect(self.dsn, timeout=10, command_timeout=10)
                try:
                    if not arguments:
                        await connection.execute(statement)
                    return [dict(row) for row in await connection.fetch(statement, *arguments)] if arguments else []
                finally:
                    connection.terminate()

        return asyncio.run(asked())

    def restarted(self) -> None:
        """Kill it, and start it again."""
        processes.end([self._child], 0.0)
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            self._child = processes.spawn(self._part.command)
            try:
                await_ready(self._part, self._child)
                return
            except RuntimeError:
                # What it had forked may hold its shared memory a moment longer; a supervisor tries again too.
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def close(self) -> None:
        """End it."""
        processes.end([self._child], 10.0)


class Clerk(Thread):
    """Writes a new wording of every subject's penalty over and over, each exactly once, whether or not the database is there."""

    def __init__(self, office: Office) -> None:
        super().__init__(daemon=True)
        self.office, self.done, self.written = office, Event(), 0
        self._sample, self.subjects = rows_of(TYPE, "penalties")[0], rows_of("LP_REGISTRATION", "registrations")

    def run(self) -> None:
        """Until it is told that it is done."""
        while not self.done.is_set():
            facts = [self._fact(number, self.written) for number in range(len(self.subjects))]
            try:
                self.office.ask(
                    "INSERT INTO databus_outbox (record_type, fact) SELECT $1, fact::json FROM unnest($2::text[]) AS new (fact)"
                    " WHERE NOT EXISTS (SELECT FROM databus_outbox o WHERE o.fact ->> 'remark' = $3)",
                    TYPE,
                    facts,
                    f"wording {self.written}",
                )
                self.written += 1
            except StoreUnavailable:
                # Whether it has been written is known when the database is there again.
                pass
            time.sleep(PAUSE_SECONDS)

    def _fact(self, number: int, wording: int) -> str:
        about = self.subjects[number]
        own = {"uscc": about["uscc"], "counterparty_name": about["name"], "doc_no": f"吉应急罚〔2026〕{70_000 + number}号"}
        return json.dumps({**self._sample, **own, "remark": f"wording {wording}"}, ensure_ascii=False)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with tempfile.TemporaryDirectory(prefix="dbus-") as sockets:
        made = Office(tmp_path / "office", Path(sockets))
        try:
            yield made
        finally:
            made.close()


@pytest.fixture
def own_line(tmp_path: Path) -> Iterator[Live]:
    """A line for one test that breaks more than one process."""
    settings = local_settings(tmp_path / "home")
    with up(settings, departments=DEPARTMENTS, console=Console(stderr=True)):
        yield live_of(settings)


@contextmanager
def relaying(live: Live, office: Office) -> Iterator[subprocess.Popen[str]]:
    arguments = ("outbox", "relay", "--dsn", office.dsn, "--department", DEPARTMENT, "--poll", "1")
    with begun(live.here.settings, *arguments) as process:
        yield process
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said[-3000:]


def states(office: Office) -> Counter[str]:
    try:
        rows = office.ask("SELECT state, count(*) AS number FROM databus_outbox WHERE id > $1 GROUP BY state", 0)
    except StoreUnavailable:
        return Counter({"AWAY": 1})
    return Counter({row["state"]: row["number"] for row in rows})


def test_whatever_is_killed_every_row_has_its_effect_once_and_in_order(own_line: Live, office: Office) -> None:
    live, clerk = own_line, Clerk(office)
    kills = (partial(live.restarted, "kafka"), lambda **_: office.restarted(), partial(live.restarted, "postgres"))
    clerk.start()
    with relaying(live, office):
        try:
            for kill in kills:
                _under_way(office)
                kill(seconds=PATIENCE_SECONDS)
            _under_way(office)
        finally:
            clerk.done.set()
            clerk.join()
        eventually(lambda: set(states(office)) == {"ACCEPTED"}, PATIENCE_SECONDS, "every row has its verdict")
    rows = office.ask(
        "SELECT submission_id, fact ->> 'remark' AS wording, fact ->> 'doc_no' AS doc_no FROM databus_outbox WHERE id > $1 ORDER BY id", 0
    )
    assert len(rows) == clerk.written * len(clerk.subjects)
    live.settled(PATIENCE_SECONDS)
    _each_took_effect_once_and_in_its_order(live, rows, len(clerk.subjects))


def _under_way(office: Office) -> None:
    """Until further rows have come through, so that what is broken next is at work."""
    before = states(office)["ACCEPTED"]
    eventually(lambda: states(office)["ACCEPTED"] > before, PATIENCE_SECONDS, "further rows come through")


def _each_took_effect_once_and_in_its_order(live: Live, rows: list[dict[str, Any]], subjects: int) -> None:
    told = live.sql(
        "SELECT submission_id, record_key FROM steps WHERE submission_id = ANY($1) AND kind IN ('ADDED', 'CHANGED') ORDER BY pv",
        [row["submission_id"] for row in rows],
    )
    # What leaves again because nobody knew that it had been taken is a duplicate, or history, and changes nothing.
    effects, wanted = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for step in told:
        effects[step["record_key"]].append(step["submission_id"])
    for row in rows:
        wanted[row["doc_no"]].append(row["submission_id"])
    assert sorted(effects.values()) == sorted(wanted.values())
    shown = live.sql("SELECT payload ->> 'remark' AS wording FROM record_versions WHERE record_type = $1 AND to_offset IS NULL", TYPE)
    assert [row["wording"] for row in shown] == [rows[-1]["wording"]] * subjects
