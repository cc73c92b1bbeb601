"""The same facts posted to both servers: requests of 500 events, four at once; what each server took for it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench.publish.broker import Broker
from bench.publish.files import facts
from bench.publish.runs import DEPARTMENT, Ran
from databus.local.aside import free_ports
from databus.settings import CHECKOUT

EVENTS, AT_ONCE = 500, 4
PATH = f"/v1/departments/{DEPARTMENT}/events"
_START_SECONDS = 90.0


@dataclass(frozen=True)
class Bodies:
    """Requests for ours, and for the bare handler, which is told the key as well."""

    own: tuple[bytes, ...]
    plain: tuple[bytes, ...]


def bodies(count: int, seed: int) -> Bodies:
    """The requests for so many events."""
    own, plain = [], []
    for key, told in facts(count, seed):
        own.append(told)
        plain.append({"key": key, **told})
    return Bodies(_requests(own, record_type="LP_REGISTRATION"), _requests(plain))


def _requests(events: Sequence[dict[str, Any]], **more: str) -> tuple[bytes, ...]:
    parts = (events[at : at + EVENTS] for at in range(0, len(events), EVENTS))
    return tuple(json.dumps({**more, "events": part}, ensure_ascii=False).encode() for part in parts)


def post(what: str, requests: Sequence[bytes], bus: Broker, count: int) -> Ran:
    """One run against `bench.publish.served <what>`; the processor time and memory are the server's."""
    with _served(what, bus) as (server, url):
        asyncio.run(_posted(url, requests[:2]))
        before, began = sum(server.cpu_times()[:2]), time.monotonic()
        accepted = asyncio.run(_posted(url, requests))
        seconds, cpu = time.monotonic() - began, sum(server.cpu_times()[:2]) - before
        assert accepted == count, f"{what} accepted {accepted} of {count}"
        return Ran(count, seconds, cpu, server.memory_info().rss)


async def _posted(url: str, requests: Sequence[bytes]) -> int:
    left, accepted = list(reversed(requests)), 0
    async with httpx.AsyncClient(base_url=url, timeout=120.0, headers={"content-type": "application/json"}) as client:

        async def one() -> None:
            nonlocal accepted
            while left:
                answer = await client.post(PATH, content=left.pop())
                assert answer.status_code == httpx.codes.ACCEPTED, answer.text[:500]
                accepted += answer.json()["accepted"]

        await asyncio.gather(*[one() for _ in range(AT_ONCE)])
    return accepted


@contextmanager
def _served(what: str, bus: Broker) -> Iterator[tuple[psutil.Process, str]]:
    (port,) = free_ports(1)
    argv = [sys.executable, "-m", "bench.publish.served", what, str(port)]
    log = Path(bus.settings.home) / f"{what}.log"
    with log.open("wb") as out, subprocess.Popen(argv, env=dict(bus.environment), cwd=CHECKOUT, stdout=out, stderr=out) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _await(process, url, log)
            yield psutil.Process(process.pid), url
        finally:
            process.terminate()
            process.wait(20)


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            httpx.get(url, timeout=2.0)
            return
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the server did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}") from None
            time.sleep(0.1)
