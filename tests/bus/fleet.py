"""Worker processes to kill, freeze and restart, what to feed them, and the oracle of what must come out."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import AIOKafkaProducer

from databus.bus import offsets
from databus.bus.address import BusAddress
from databus.bus.partition import partition
from databus.bus.through import through
from databus.errors import DataUnusable
from databus.model import keys
from databus.model.chunk import Record
from databus.settings import inherited

SOURCE = Path(__file__).parents[2] / "src"
SUBJECTS = 40


@dataclass
class Fleet:
    """Workers of one group; `codes` are the exit codes of those that ended by themselves."""

    address: BusAddress
    log: Path
    settings: dict[str, str]
    script: str = "counting.py"
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def start(self, count: int = 1) -> None:
        for _ in range(count):
            environment = {**inherited(), **self.settings, "PYTHONPATH": str(SOURCE)}
            argv = [sys.executable, str(Path(__file__).with_name(self.script)), self.address.bootstrap]
            argv += [self.address.username, self.address.password, self.address.prefix]
            with self.log.open("ab") as out:
                self.workers.append(subprocess.Popen(argv, env=environment, stdout=out, stderr=out, cwd=self.log.parent))

    def tend(self) -> None:
        """Restart what has ended by itself."""
        for worker in [worker for worker in self.workers if worker.poll() is not None]:
            self.workers.remove(worker)
            self.codes.append(worker.returncode)
            self.start()

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        worker.kill()
        worker.wait()
        self.workers.remove(worker)

    def stop(self) -> list[int]:
        """SIGTERM to all; their exit codes."""
        for worker in self.workers:
            worker.send_signal(signal.SIGCONT)
            worker.terminate()
        codes = [worker.wait(20) for worker in self.workers]
        self.workers.clear()
        return codes


async def feed(address: BusAddress, count: int, *, seed: int = 1, first: int = 0) -> Counter[str]:
    """`count` records into `events`, in transactions, with aborted ones between; how many per subject were committed.

    They are numbered from `first` on.
    """
    choose, sent, number = random.Random(seed), Counter[str](), first
    producer = AIOKafkaProducer(**address.client(), transactional_id=address.topic("profiler-feed"), linger_ms=5)
    await producer.start()
    while number < first + count:
        size, good = min(choose.randrange(50, 300), first + count - number), choose.random() < 0.8
        await producer.begin_transaction()
        futures = []
        for _ in range(size):
            subject = f"s{choose.randrange(SUBJECTS)}"
            value = f"id{number}" if good else "aborted"
            number += good
            sent[subject] += good
            where = partition(subject.encode(), 12)
            futures.append(await producer.send(address.topic("events"), value.encode(), key=subject.encode(), partition=where))
        await asyncio.gather(*futures)
        await (producer.commit_transaction() if good else producer.abort_transaction())
    await producer.stop()
    return sent


async def drained(address: BusAddress, fleet: Fleet, *, seconds: float, step: Callable[[], None]) -> None:
    """Wait until the group has committed everything, calling `step` ten times a second."""
    deadline = time.monotonic() + seconds
    while True:
        for _ in range(10):
            step()
            await asyncio.sleep(0.1)
        if sum((await offsets.lag(address, "profiler", ["events"])).values()) == 0:
            return
        assert time.monotonic() < deadline, fleet.log.read_text()[-4000:]


async def read_all(address: BusAddress, topic: str) -> list[Record]:
    """Every committed record of a topic."""
    async with asyncio.timeout(120):
        while True:
            try:
                return [record async for records in through(address, [topic]) for record in records]
            except DataUnusable:
                # Deleted under the reader's feet.
                continue


async def require_exactly_once(address: BusAddress, sent: Counter[str]) -> None:
    """Every committed input once, in a dense count per subject, in order; the last register is that count."""
    changes = [json.loads(record.value or b"") for record in await read_all(address, "changes")]
    ids = Counter(change[2] for change in changes)
    assert ids == Counter(f"id{number}" for number in range(sum(sent.values())))
    numbers: dict[str, list[int]] = {}
    for subject, number, _ in changes:
        numbers.setdefault(subject, []).append(number)
    assert numbers == {subject: list(range(1, count + 1)) for subject, count in sent.items() if count}
    last = {record.key: record.value for record in await read_all(address, "registers")}
    assert last == {keys.pack(subject, "count", "s", "f"): str(count).encode() for subject, count in sent.items() if count}
