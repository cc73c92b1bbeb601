"""The ground all peers stand on: one real Kafka, the same records, a process for each, and what they say they have spent."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient

from bench.merge.peers.meter import Order
from databus.bus import topics
from databus.bus.address import BusAddress
from databus.bus.partition import partition
from databus.bus.through import through
from databus.cli.output import aside
from databus.cli.session import Session, session
from databus.contract import catalogue
from databus.errors import Unavailable
from databus.local import stack
from databus.local.aside import settings_aside
from databus.settings import CHECKOUT, inherited

WORKERS = ("checker", "profiler")
PATIENCE_SECONDS = 600.0
Row = tuple[bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]


@dataclass(frozen=True)
class Spent:
    """What a peer spent on its events: CPU seconds of its process, and wall time."""

    events: int
    cpu: float
    wall: float

    @property
    def each(self) -> float:
        """Microseconds of CPU per event."""
        return self.cpu / self.events * 1e6


@dataclass
class Ground:
    """A running stack without workers, and a folder for what peers keep on disk."""

    here: Session
    folder: Path
    made: set[str] = field(default_factory=set)

    @property
    def home(self) -> Path:
        """Where the stack's keys lie."""
        return self.here.settings.home

    def topic(self, name: str, kind: str, partitions: int = 0) -> str:
        """Make a topic with the settings of one of ours; its name."""
        like = next(one for one in topics.table(self.here.contract.departments) if one.name == kind)
        if name not in self.made:
            with closing(KafkaAdminClient(**self.here.address("admin").kafka_python())) as admin:
                asked = {"num_partitions": partitions or like.partitions, "replication_factor": 1, "configs": dict(like.configs)}
                admin.create_topics({name: asked})
                admin.wait_for_topics([name], timeout_ms=30_000)
            self.made.add(name)
        return name

    def feed(self, rows: Iterable[tuple[str, bytes, Row]], partitions: Mapping[str, int]) -> int:
        """Append rows, each with its topic and the key that routes it; how many."""
        return asyncio.run(_feed(self.here.address("admin").client(), rows, partitions))

    def records(self, topic: str) -> int:
        """How many committed records lie in a topic, markers of transactions not counted."""
        return asyncio.run(_records(self.here.address("admin"), topic))

    def order(self, source: tuple[str, ...], *, group: str, count: int, output: str = "", registers: str = "", **more: Any) -> Order:
        """An order to a peer on this broker."""
        bus = self.here.address("admin")
        told = {"home": str(self.home), "folder": str(self.folder / group), **more}
        return Order(bus.bootstrap, bus.username, bus.password, source, output, registers, group, count, told)

    def start(self, peer: str, asked: Order, *, python: str = sys.executable) -> subprocess.Popen[bytes]:
        """Start a peer on its order."""
        log = (self.folder / f"{asked.group}.log").open("wb")
        env = {**inherited(), "NO_CYTHON": "1"} if peer == "ours" else {**inherited()}
        child = subprocess.Popen(
            [python, "-m", f"bench.merge.peers.{peer}"], cwd=CHECKOUT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
        assert child.stdin is not None
        child.stdin.write(asked.told())
        child.stdin.close()
        return child

    def spent(self, child: subprocess.Popen[bytes], asked: Order) -> Spent:
        """Wait for a peer's last word.

        Raises:
            Unavailable: it failed, or said nothing for ten minutes.
        """
        assert child.stdout is not None
        try:
            told = child.stdout.read()
            code = child.wait(PATIENCE_SECONDS)
        except BaseException:
            child.kill()
            raise
        if code:
            said = told.decode("utf-8", "replace") + (self.folder / f"{asked.group}.log").read_text("utf-8", "replace")
            last = "\n".join(said.splitlines()[-15:])
            raise Unavailable(f"{asked.group} ended with code {code}:\n{last}")
        return Spent(**json.loads(told.splitlines()[-1]))

    def ask(self, peer: str, asked: Order, *, python: str = sys.executable) -> Spent:
        """Run a peer to its end."""
        return self.spent(self.start(peer, asked, python=python), asked)


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """A stack in an empty folder, without checkers and profilers."""
    settings = settings_aside(folder / "home")
    none = {name: getattr(settings, name).model_copy(update={"replicas": 0}) for name in WORKERS}
    told = settings.checker.model_copy(update={"replicas": 0, "told_time": True})
    settings = settings.model_copy(update={**none, "checker": told})
    with stack.up(settings, departments=tuple(catalogue.load(settings.contracts).departments), console=aside()):
        yield Ground(session(settings), folder)


async def _feed(client: Mapping[str, Any], rows: Iterable[tuple[str, bytes, Row]], partitions: Mapping[str, int]) -> int:
    producer = AIOKafkaProducer(**client, acks="all", max_batch_size=512 * 1024, max_request_size=4 * 1024 * 1024)
    batches: dict[tuple[str, int], Any] = {}
    count = 0
    await producer.start()
    try:
        for topic, route, (key, value, headers) in rows:
            place = topic, partition(route, partitions[topic])
            batch = batches.get(place) or batches.setdefault(place, producer.create_batch())
            if batch.append(timestamp=None, key=key, value=value, headers=list(headers)) is None:
                await producer.send_batch(batch, place[0], partition=place[1])
                batch = batches[place] = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value, headers=list(headers))
            count += 1
        for (name, number), batch in batches.items():
            await producer.send_batch(batch, name, partition=number)
        await producer.flush()
    finally:
        await producer.stop()
    return count


async def _records(address: BusAddress, topic: str) -> int:
    return sum([len(records) async for records in through(address, [topic])])
