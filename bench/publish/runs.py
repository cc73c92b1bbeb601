"""One measured run in a process of its own: seconds, processor seconds, most memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.publish.broker import Broker
from databus.bootstrap.parts import address_of
from databus.bus.address import BusAddress
from databus.bus.topics import inbox
from databus.local import keys
from databus.local.connections import connected
from databus.settings import CHECKOUT, Settings
from databus.testing.memory import most_memory

DEPARTMENT = "market-regulation"
_SECONDS = 7_200


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run took: `cpu` in seconds of the process, `memory` in bytes at most."""

    rows: int
    seconds: float
    cpu: float
    memory: int

    @property
    def rate(self) -> float:
        """Rows in a second."""
        return self.rows / self.seconds


@dataclass(frozen=True)
class Connection:
    """The bus as the department sees it."""

    address: BusAddress
    topic: str
    options: dict[str, Any]


def run(what: str, path: Path, bus: Broker, count: int) -> Ran:
    """One run of `bench.publish.<what>`."""
    argv = [sys.executable, "-m", f"bench.publish.{what}", str(path), str(count)]
    done = subprocess.run(argv, env=dict(bus.environment), cwd=CHECKOUT, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"{what} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return Ran(**json.loads(done.stdout))


def connection() -> Connection:
    """The bus that the environment names, as the department."""
    settings = Settings()
    address = address_of(connected(settings, keys.read(settings.home), DEPARTMENT))
    return Connection(address, address.topic(inbox(DEPARTMENT)), address.kafka_python())


@contextmanager
def measured(count: int) -> Iterator[None]:
    """Print what the block took, as `run` reads it."""
    began, before = time.monotonic(), time.process_time()
    yield
    seconds, cpu = time.monotonic() - began, time.process_time() - before
    print(json.dumps({"rows": count, "seconds": seconds, "cpu": cpu, "memory": most_memory()}))
