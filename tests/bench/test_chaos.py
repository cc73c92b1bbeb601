"""The chaos bench believes that something was done to a line only where the line's own files and words prove it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import psutil
import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from bench.chaos.acts import until
from bench.chaos.engines import Blow, until_hit
from bench.chaos.fleet import FULL, Fleet, Log, back
from bench.chaos.load import Loading
from bench.chaos.scenarios import SCENARIOS, SINGLE, undone
from bench.chaos.transactions import Written, writers_stopped
from databus.cli.session import session
from databus.errors import Unavailable
from databus.local import stack
from databus.local.stack import ProcessStatus
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


def stands_still(pid: int) -> bool:
    """Whether a process has stopped, or soon has: on a busy machine it must first have its turn to do that."""
    end = time.monotonic() + 60.0
    while psutil.Process(pid).status() != psutil.STATUS_STOPPED and time.monotonic() < end:
        time.sleep(0.01)
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED


def planned(count: int) -> Loading:
    """A load of which nothing has been sent."""
    return Loading(None, [None] * count)


def test_a_blow_is_repeated_until_it_has_hit_and_leaves_something_of_the_load_for_the_next() -> None:
    fleet, load, paces = Fleet(None, 1, "broker"), planned(100), list[float]()

    def blow() -> Blow:
        paces.append(load.pace)
        load.sent += 40
        yield 1.0
        return len(paces) == 3

    for _ in until_hit(fleet, load, "kafka was hit", blow):
        assert not fleet.struck
    assert paces == sorted(paces, reverse=True) and len(set(paces)) == 3 and paces[0] < 1.0
    assert fleet.struck == {("broker", "kafka was hit"): 1} and load.pace == 1.0


def test_what_never_hits_is_given_up_and_left_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.chaos.engines.PATIENCE_SECONDS", 0.1)
    fleet, load = Fleet(None, 1, "broker"), planned(100)

    def blow() -> Blow:
        yield 1.0
        return False

    assert list(until_hit(fleet, load, "kafka was hit", blow))
    assert not fleet.struck and load.pace == 1.0


def test_what_never_comes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(until(lambda: True, "")) == []
    monkeypatch.setattr("bench.chaos.acts.PATIENCE_SECONDS", -1.0)
    with pytest.raises(Unavailable, match="the broker has not ended"):
        list(until(lambda: False, "the broker has not ended"))


def test_a_part_is_back_as_another_process_only(monkeypatch: pytest.MonkeyPatch) -> None:
    here = SimpleNamespace(settings=None)
    up, down = ProcessStatus("kafka", "ready", "", 7, 0, 1), ProcessStatus("opa", "down", "", 0, 0, 1)
    monkeypatch.setattr(stack, "status", lambda _: [up, down])
    assert back(here, "kafka", 6) and not back(here, "kafka", 7) and not back(here, "opa", 6)


@pytest.mark.live
def test_who_writes_to_postgresql_stands_still_in_the_middle_of_it_while_it_is_struck(isolated: Settings) -> None:
    here, begun, end = session(isolated), threading.Event(), threading.Event()

    async def write() -> None:
        connection = await asyncpg.connect(isolated.postgres.dsn.get_secret_value())
        async with connection.transaction():
            await connection.execute("CREATE TABLE written (n integer)")
            await connection.execute("INSERT INTO written VALUES (1)")
            begun.set()
            await asyncio.to_thread(end.wait)
        await connection.close()

    with writers_stopped(here, seconds=0.2) as writers:
        assert not writers
    writing = threading.Thread(target=asyncio.run, args=(write(),))
    writing.start()
    begun.wait()
    try:
        with writers_stopped(here, seconds=60.0) as writers:
            (writer,) = writers
            assert stands_still(writer)
    finally:
        end.set()
        writing.join()
    with writers_stopped(here, seconds=0.2) as writers:
        assert not writers
