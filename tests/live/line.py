"""The running line as its users have it: HTTP, Kafka, the command; and what an administrator can look into."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from databus.access.accounts import sample_secrets
from databus.bus.address import BusAddress
from databus.bus.journal import Journal
from databus.bus.topics import PERMITS
from databus.cli import status
from databus.cli.session import Session, session
from databus.cli.status import Sum
from databus.contract.wire import encode_permit
from databus.gateway.outward import record_id, step_id
from databus.local import stack
from databus.local.connections import variables
from databus.local.stack import ProcessStatus
from databus.model.chunk import Record
from databus.model.disclosure import Permit
from databus.settings import Settings, inherited

REQUEST_ID = "Databus-Request-Id"
COMMAND = "from databus.cli import main; main()"
READ_SECONDS = 180.0


def eventually(true: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true answer; after `seconds` the test fails with what did not happen and the last answer."""
    until = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < until, f"within {seconds:.0f} s not: {what} (last: {found!r})"
        time.sleep(0.2)
    return found


@dataclass(frozen=True)
class Live:
    """A running stack."""

    here: Session

    def client(self, name: str = "") -> httpx.Client:
        """An HTTP client with a fresh token of a sample client, or without one."""
        headers = {"Authorization": f"Bearer {self.token(name)}"} if name else {}
        return httpx.Client(base_url=self.here.gateway, timeout=90.0, headers=headers)

    def token(self, name: str) -> str:
        """A token of a sample client."""
        asked = (name, sample_secrets(self.here.keys.folder)[name])
        answer = httpx.post(f"{self.here.gateway}/oauth/token", data={"grant_type": "client_credentials"}, auth=asked)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def outside(self, record_key: str, change_id: str = "") -> tuple[str, str]:
        """What a record and a step of it are called outside."""
        key = bytes.fromhex(self.here.keys.read("platform.hmac"))
        return record_id(record_key, platform_key=key), step_id(change_id, platform_key=key)

    def sql(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """Rows of PostgreSQL; JSON as Python knows it."""

        async def asked(pool: asyncpg.Pool[asyncpg.Record]) -> list[dict[str, Any]]:
            return [dict(row) for row in await pool.fetch(query, *arguments)]

        return self.here.ask(asked)

    def topics(self) -> list[str]:
        """Every topic there is, Kafka's own left out."""
        consumer = KafkaConsumer(**self.here.address("admin").kafka_python())
        try:
            return sorted(consumer.topics())
        finally:
            consumer.close()

    def log(self, *topics: str, committed: bool = True) -> list[Record]:
        """Everything that can be read of these topics, from their beginning, as the broker's administrator."""
        return read_all(self.here.address("admin"), topics, committed=committed)

    def databus(self, *arguments: str, code: int = 0) -> str:
        """What one command line printed; the test fails on another exit code."""
        done = run(self.here.settings, *arguments)
        if done.returncode != code:
            raise AssertionError(f"databus {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.complaints()}")
        return done.stdout

    def complaints(self) -> str:
        """The processes as they are now, and the last that each has complained of."""
        logs = self.here.settings.home / "logs"
        told = [line for one in stack.status(self.here.settings) for line in complained(logs / f"{one.name}.log")]
        return "\n".join([run(self.here.settings, "status").stdout, *told])

    def json(self, *arguments: str, code: int = 0) -> Any:
        """The document of one command line."""
        return json.loads(self.databus(*arguments, "--json", code=code))

    def settled(self, seconds: float = 240.0) -> Sum:
        """The reconciliation as soon as nothing is on its way; the test fails if something stays unaccounted for."""

        def even() -> Sum | None:
            told.append(status.measured(self.here))
            lags, total = told[-1]
            rests = total and not any(lags.values()) and not total.uncommitted
            return total if total and rests and total.on_the_way == total.unaccounted == 0 else None

        told: list[tuple[dict[str, int], Sum | None]] = []
        until = time.monotonic() + seconds
        while (total := even()) is None:
            assert time.monotonic() < until, f"the line did not come to rest in {seconds:.0f} s: {told[-1]}\n{self.complaints()}"
            time.sleep(0.3)
        return total

    def process(self, name: str) -> ProcessStatus:
        """One process as it is now."""
        return next(one for one in stack.status(self.here.settings) if one.name == name)

    def metric(self, process: str, name: str, /, **labels: str) -> float:
        """What a process counts, summed over the labels not named; 0 if it counts nothing of the kind or does not answer."""
        try:
            text = httpx.get(f"{self.process(process).address}/metrics", timeout=5.0).text
        except httpx.TransportError:
            return 0.0
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())

    def restarted(self, name: str, number: signal.Signals = signal.SIGKILL, seconds: float = 180.0) -> None:
        """End one process by its pid, and wait until the supervisor has another one ready."""
        before = self.process(name)
        os.kill(before.pid, number)
        eventually(
            lambda: (now := self.process(name)).state == "ready" and now.pid not in (0, before.pid), seconds, f"{name} comes back by itself"
        )

    def give(self, permit: Permit) -> None:
        """Put a permit in force, as the gateway would."""
        codec = self.here.codec("gateway")

        async def append(_: Any) -> None:
            async with Journal(self.here.address("gateway")) as journal:
                await journal.append(PERMITS, permit.permit_id.encode(), encode_permit(codec, permit))

        self.here.ask(append)
        eventually(lambda: self.sql("SELECT 1 FROM permits WHERE permit_id = $1", permit.permit_id), 120, f"permit {permit.permit_id}")


def complained(log: Path, count: int = 3) -> list[str]:
    """The last warnings and errors in the log of a process of ours, without their traces."""
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.startswith('{"at"')] if log.exists() else []
    wrong = [line for line in lines if line["level"] in ("WARNING", "ERROR")][-count:]
    return [f"{line['at']} {line['process']}: {line['message'][:200]}" for line in wrong]


def live_of(settings: Settings) -> Live:
    """The line of these settings, which must be running."""
    return Live(session(settings))


def run(settings: Settings, *arguments: str, seconds: float = 400.0) -> subprocess.CompletedProcess[str]:
    """One command line of `databus`, in a process of its own that knows these settings and nothing else of ours."""
    with begun(settings, *arguments) as process:
        out, err = process.communicate(timeout=seconds)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@contextmanager
def begun(settings: Settings, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The same while it runs; a process left over is ended."""
    environment = {**inherited(), **variables(settings), "PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [sys.executable, "-c", COMMAND, *arguments]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@contextmanager
def producer(address: BusAddress, **options: Any) -> Iterator[Any]:
    """A plain kafka-python producer, as somebody else's client would have it: nothing of ours looks at what it sends."""
    made = KafkaProducer(**address.kafka_python(), acks="all", enable_idempotence=False, max_request_size=8 << 20, **options)
    try:
        yield made
    finally:
        made.close(timeout=10)


def read_all(address: BusAddress, topics: tuple[str, ...], *, committed: bool) -> list[Record]:
    """Every record that the broker gives out, in the order of topic, partition and offset."""
    isolation = "read_committed" if committed else "read_uncommitted"
    consumer = KafkaConsumer(
        **address.kafka_python(), enable_auto_commit=False, isolation_level=isolation, fetch_max_wait_ms=50, max_poll_records=5000
    )
    try:
        places = [TopicPartition(address.topic(name), number) for name in topics for number in consumer.partitions_for_topic(name) or ()]
        first, last = consumer.beginning_offsets(places), consumer.end_offsets(places)
        wanted = [place for place in places if first[place] < last[place]]
        consumer.assign(wanted)
        for place in wanted:
            consumer.seek(place, first[place])
        return sorted(_read(consumer, address, last, wanted), key=lambda record: (record.topic, record.partition, record.offset))
    finally:
        consumer.close()


def _read(consumer: Any, address: BusAddress, last: Mapping[Any, int], wanted: list[Any]) -> Iterator[Record]:
    until = time.monotonic() + READ_SECONDS
    while any(consumer.position(place) < last[place] for place in wanted):
        assert time.monotonic() < until, f"the topics could not be read to their ends in {READ_SECONDS:.0f} s"
        for records in consumer.poll(timeout_ms=100).values():
            for one in records:
                headers = tuple((name, bytes(value or b"")) for name, value in one.headers)
                yield Record(address.bare(one.topic), one.partition, one.offset, one.timestamp, one.key, one.value, headers)
