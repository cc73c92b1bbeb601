"""The chaos bench believes that something was done to a line only where the line's own files and words prove it."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from bench.chaos.fleet import FULL, Log
from bench.chaos.scenarios import SCENARIOS, SINGLE, undone
from bench.chaos.transactions import Written, strike_begun
from databus.cli.session import session
from databus.settings import Settings

_ATTRIBUTES_AT, _CONTROL = 22, 0x20


def batch(producer: int, *, transactional: bool = True, control: bool = False) -> bytes:
    """A batch of one record, as a broker keeps it."""
    made = DefaultRecordBatchBuilder(2, 0, transactional, producer, 0, 0, 1 << 14)
    made.append(0, timestamp=1, key=b"k", value=b"v" * 100, headers=[])
    lying = bytearray(made.build())
    lying[_ATTRIBUTES_AT] |= _CONTROL if control else 0
    return bytes(lying)


def test_a_transaction_is_open_from_its_first_batch_to_its_marker(tmp_path: Path) -> None:
    for name in ("events-0", "events-11", "eventsmore-0", "changes-0"):
        (tmp_path / name).mkdir()
    first, second = tmp_path / "events-0" / f"{0:020}.log", tmp_path / "events-0" / f"{7:020}.log"
    files = Written(tmp_path, ("events", "changes"))
    first.write_bytes(batch(-1, transactional=False) + batch(5) + batch(6))
    (tmp_path / "events-11" / f"{0:020}.log").write_bytes(batch(5) + batch(5, control=True))
    (tmp_path / "eventsmore-0" / f"{0:020}.log").write_bytes(batch(9))
    assert files.open() == {("events-0", 5), ("events-0", 6)}
    second.write_bytes(batch(5, control=True))
    assert files.open() == {("events-0", 6)} and files.await_open(seconds=0.0)
    second.write_bytes(second.read_bytes() + batch(6, control=True))
    assert not files.open() and not files.await_open(seconds=0.0)


def test_half_a_batch_is_none_and_what_is_written_in_its_place_is_read(tmp_path: Path) -> None:
    (tmp_path / "events-0").mkdir()
    lying, files = tmp_path / "events-0" / f"{0:020}.log", Written(tmp_path, ("events",))
    lying.write_bytes(batch(5) + batch(5, control=True)[:-1])
    assert files.open() == {("events-0", 5)}
    lying.write_bytes(batch(5) + batch(4) + batch(5, control=True))
    assert files.open() == {("events-0", 4)}


def test_what_was_said_before_is_no_proof(tmp_path: Path) -> None:
    file = tmp_path / "kafka.log"
    file.write_text(f"java.io.IOException: {FULL}\n")
    said = Log(file, file.stat().st_size)
    assert not said.says(FULL)
    with file.open("a") as lying:
        lying.write(f"PANIC:  could not write to file: {FULL}\n")
    assert said.says(FULL)


def done(name: str) -> Counter[tuple[str, str]]:
    """All that a scenario must do."""
    return Counter((name, what) for what in SINGLE[name].parts or ("something",))


@pytest.mark.parametrize(("name", "what"), [(name, what) for name, one in SINGLE.items() for what in dict.fromkeys(one.parts)])
def test_a_scenario_has_done_all_of_its_parts_or_failed(name: str, what: str) -> None:
    struck = done(name)
    assert undone(name, struck) == []
    struck[name, what] -= 1
    (missing,) = undone(name, struck)
    assert what in missing


def test_the_engines_must_have_been_hit_as_often_as_was_meant() -> None:
    broker, full = Counter(SINGLE["broker"].parts), Counter(SINGLE["full"].parts)
    assert broker["kafka ended in mid-transaction"] == broker["kafka came back"] == broker["gateway came back"] == 2
    assert broker["postgres ended in mid-transaction"] == broker["postgres came back"] == 1
    assert full["kafka was refused a write"] == full["kafka came back"] == 2
    assert full["postgres was refused a write"] == full["postgres came back"] == 1


def test_each_scenario_of_a_mixed_run_must_have_done_its_own() -> None:
    assert SCENARIOS.keys() - SINGLE.keys() == {"mixed"}
    all_of_it = sum((done(name) for name in SINGLE), Counter[tuple[str, str]]())
    assert undone("mixed", all_of_it) == []
    for name in SINGLE:
        others = Counter({(of, what): times for (of, what), times in all_of_it.items() if of != name})
        assert undone("mixed", others) and all(missing.startswith(f"{name}: ") for missing in undone("mixed", others))
    assert undone("kill", Counter()) == ["kill: anything"]


@pytest.mark.live
def test_who_writes_to_postgresql_stands_still_in_the_middle_of_it_while_it_is_struck(isolated: Settings) -> None:
    here, begun, end, seen = session(isolated), threading.Event(), threading.Event(), list[str]()

    async def write() -> None:
        connection = await asyncpg.connect(isolated.postgres.dsn.get_secret_value())
        async with connection.transaction():
            await connection.execute("CREATE TABLE written (n integer)")
            await connection.execute("INSERT INTO written VALUES (1)")
            begun.set()
            await asyncio.to_thread(end.wait)
        await connection.close()

    def strike(writers: Sequence[int]) -> None:
        seen.extend(psutil.Process(pid).status() for pid in writers)

    assert not strike_begun(here, strike, seconds=0.2) and not seen
    writing = threading.Thread(target=asyncio.run, args=(write(),))
    writing.start()
    begun.wait()
    try:
        assert strike_begun(here, strike, seconds=60.0) and seen == [psutil.STATUS_STOPPED]
    finally:
        end.set()
        writing.join()
    assert not strike_begun(here, strike, seconds=0.2) and len(seen) == 1
