"""What must not be skipped in silence: poison leaves with its chunk, and whatever cannot be answered stops the worker."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import psutil
import pytest

from bus.fleet import read_all
from bus.running import PATIENCE_SECONDS, Running, eventually
from databus.bus import admin, offsets, worker
from databus.bus.address import BusAddress
from databus.bus.journal import Journal
from databus.bus.transaction import Writer
from databus.contract import catalogue, wire
from databus.contract.codec import Codec
from databus.contract.schemas import self_contained
from databus.errors import BusUnavailable, Undecodable
from databus.model import keys
from databus.model.chunk import Outcome, Output, Processor, Record, State
from databus.settings import CHECKOUT
from engines import Engines
from quality.inbox import Inbox

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]


async def never() -> bool:
    return False


def counted(records: Sequence[Record], state: State) -> Outcome:
    """One change and one register per record."""
    values = {keys.pack(f"s{record.offset}", "r", "d", "content"): b"v" for record in records}
    return Outcome([Output("changes", record.key, record.value) for record in records], values)


async def put(address: BusAddress, topic: str, *values: bytes) -> None:
    async with Journal(address) as journal:
        for value in values:
            await journal.append(topic, b"k", value)


@pytest.fixture
def contracts(engines: Engines) -> tuple[Inbox, BusAddress]:
    """The shipped contracts over an inbox of `emergency`, and the broker's administrator under a prefix of the test's own."""
    contract = catalogue.load(CHECKOUT / "schemas")
    kafka = engines.isolated().kafka
    root = BusAddress(kafka.bootstrap, kafka.username, kafka.password.get_secret_value(), engines.isolated().bus.prefix)
    admin.provision(root, departments=("emergency",), passwords={})
    return Inbox(contract, contract.codec()), root


def checking(inbox: Inbox) -> Processor:
    processor: Processor = inbox.run
    return processor


async def test_poison_leaves_in_the_transaction_of_its_chunk(contracts: tuple[Inbox, BusAddress]) -> None:
    """Undecodable, of an unknown schema, empty, and good ones beside them: all of it or nothing, and then once."""
    inbox, address = contracts
    good = inbox.encoded("ADMIN_PENALTY")
    await put(address, "in.emergency", good, b"\x00\x00\x00\xff\xffunknown", b"no Avro at all", good[:-3], b"", good)

    def dies(records: Sequence[Record], state: State) -> Outcome:
        outcome = checking(inbox)(records, state)
        assert outcome.outputs
        raise RuntimeError("after the work and before its transaction")

    async def done() -> bool:
        return not sum((await offsets.lag(address, "checker", ["in.emergency"])).values())

    written = ("events", "findings", "quarantine.emergency")
    assert await Running(address, dies, "checker", ["in.emergency"]).until(never) == 1
    assert [await read_all(address, topic) for topic in written] == [[], [], []]
    assert await Running(address, checking(inbox), "checker", ["in.emergency"]).until(done) == 0
    found = [wire.decode_finding(inbox.codec, record.value or b"") for record in await read_all(address, "findings")]
    stopping = Counter((one.rule, one.inbox_offset) for one in found if one.rule.startswith("DQ-FMT-"))
    assert stopping == {("DQ-FMT-02", 1): 1, ("DQ-FMT-01", 2): 1, ("DQ-FMT-01", 3): 1, ("DQ-FMT-01", 4): 1}
    assert len(await read_all(address, "quarantine.emergency")) >= 4


async def test_a_schema_that_cannot_be_asked_for_stops_the_worker_and_judges_nothing(contracts: tuple[Inbox, BusAddress]) -> None:
    inbox, address = contracts

    def away() -> dict[int, str]:
        raise BusUnavailable("the registry cannot be reached")

    texts = {number: self_contained(one, inbox.contract.schemas) for number, one in enumerate(inbox.contract.schemas, start=1)}
    lost = Inbox(inbox.contract, Codec(texts, away))
    await put(address, "in.emergency", b"\x00\x00\x00\xff\xffof a schema released a moment ago")
    assert await Running(address, checking(lost), "checker", ["in.emergency"]).until(never) == 1
    assert await read_all(address, "findings") == []
    assert sum((await offsets.lag(address, "checker", ["in.emergency"])).values()) == 1


async def test_a_register_that_cannot_be_read_stops_the_worker_and_says_what_to_do(as_user: As, caplog: pytest.LogCaptureFixture) -> None:
    def damaged(records: Sequence[Record], state: State) -> Outcome:
        raise Undecodable("the body is not a databus.Register")

    await put(as_user("profiler"), "events", b"v")
    assert await Running(as_user("profiler"), damaged).until(never) == 1
    assert "databus rebuild --unchecked" in caplog.text
    assert await read_all(as_user("admin"), "changes") == []


async def test_a_connection_closed_in_mid_transaction_stops_the_worker(as_user: As, monkeypatch: pytest.MonkeyPatch) -> None:
    """aiokafka cancels what waits for it: an agent that took that for its own end would leave a worker that only heartbeats."""

    async def closed(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    await put(as_user("profiler"), "events", b"v")
    with monkeypatch.context() as cut:
        cut.setattr(Writer, "commit", closed)
        assert await Running(as_user("profiler"), counted).until(never) == 1
    running = Running(as_user("profiler"), counted)

    async def taken() -> bool:
        return running.taken == 1

    assert await running.until(taken) == 0


async def test_a_broker_that_never_ends_what_others_began_stops_the_worker(as_user: As, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for ever while another's transaction ends, and heartbeats go on beside that."""

    async def concurrent(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Writer, "start", concurrent)
    monkeypatch.setattr(worker, "_FENCE_SECONDS", 1.0)
    assert await Running(as_user("profiler"), counted).until(never) == 1


async def test_a_chunk_that_takes_long_is_no_silence_of_the_broker(as_user: As) -> None:
    """The process gave up, and its successor at the same chunk again."""
    await put(as_user("profiler"), "events", b"slow")

    def slowly(records: Sequence[Record], state: State) -> Outcome:
        time.sleep(12.0)
        return counted(records, state)

    running = Running(as_user("profiler"), slowly, silence_seconds=8.0)

    async def taken() -> bool:
        return running.taken == 1

    assert await running.until(taken) == 0


async def test_a_broker_that_does_not_answer_stops_the_worker_within_bounds(as_user: As) -> None:
    await put(as_user("profiler"), "events", b"before")
    running = Running(as_user("profiler"), counted, silence_seconds=3.0)

    async def taken() -> bool:
        return running.taken > 0

    async def answers() -> bool:
        try:
            return bool(await offsets.ends(as_user("admin"), ["changes"]))
        except BusUnavailable:
            return False

    (broker,) = [one for one in psutil.Process().children() if "kafka.Kafka" in one.cmdline()]
    async with running.started() as working:
        await eventually(taken)
        try:
            broker.send_signal(signal.SIGSTOP)
            await asyncio.wait([working], timeout=PATIENCE_SECONDS)
        finally:
            broker.send_signal(signal.SIGCONT)
            await eventually(answers)
    assert working.result() == 1
    assert [record.value for record in await read_all(as_user("admin"), "changes")] == [b"before"]


async def test_a_topic_that_was_unknown_when_the_work_was_shared_out_is_taken_up(contracts: tuple[Inbox, BusAddress]) -> None:
    """A broker that has just started may not know all of them; aiokafka itself would ask again after five minutes."""
    _, address = contracts
    await put(address, "in.emergency", b"known")
    running = Running(address, lambda records, state: Outcome(), "checker", ["in.emergency", "in.transport"])

    def taken(count: int) -> Callable[[], Awaitable[bool]]:
        async def reached() -> bool:
            return running.taken == count

        return reached

    async with running.started():
        await eventually(taken(1))
        await asyncio.to_thread(admin.provision, address, departments=("emergency", "transport"), passwords={})
        await put(address, "in.transport", b"unknown before")
        await eventually(taken(2))


async def test_progress_of_recovery_is_told_at_the_start_and_after_a_rebalance(as_user: As, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    profiler = as_user("profiler")
    async with Journal(profiler) as journal:
        for number in range(40):
            await journal.append("registers", keys.pack(f"s{number}", "r", "d", "content"), b"v")
    first, second = Running(profiler, counted), Running(profiler, counted)

    async def alone() -> bool:
        return (40, 40) in first.recoveries

    async def shared() -> bool:
        last = second.recoveries[-1] if second.recoveries else (0, 0)
        return 0 < last[0] == last[1] < 40

    async with first.started():
        await eventually(alone)
        async with second.started():
            await eventually(shared)
    assert first.recoveries[0] == (0, 40)
    assert "recovered 6 partitions" in caplog.text
