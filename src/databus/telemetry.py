"""What a process says of itself: JSON logs, Prometheus metrics, health; and how a server of ours runs and stops."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import h11
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from databus.errors import DatabusError, PortTaken

LOOPBACK = "127.0.0.1"
SILENCE_SECONDS = 30.0
"""A process without a successful fetch or heartbeat for this long is no longer alive."""
HEAD_SECONDS = 10.0
"""How long the head of a request may take to arrive; uvicorn bounds none (its keep-alive ends with the first byte)."""

_RESERVED = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def facts_of(error: DatabusError) -> dict[str, Any]:
    """Code and facts of an error as `extra` of a log line; a fact named as a member of every line gets an underscore."""
    return {"code": error.code, **{f"{name}_" if name in _RESERVED else name: value for name, value in error.facts.items()}}


class JsonLines(logging.Formatter):
    """One JSON object per line; whatever a caller passes as `extra` becomes a member."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """The line, without a line feed in it."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in record.__dict__.items() if name not in _RESERVED}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class Seldom(logging.Filter):
    """Lets one line per logger, place and second pass, so that a lost broker does not fill the disk."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """True for what may be written."""
        place, now = (record.name, record.lineno), time.monotonic()
        if now - self._last.get(place, -1.0) < 1.0:
            return False
        self._last[place] = now
        return True


def log_as(process: str, level: str) -> None:
    """Send all logs of this process to standard output as JSON lines."""
    out = logging.StreamHandler(sys.stdout)
    out.setFormatter(JsonLines(process))
    seldom = Seldom()
    out.addFilter(lambda record: seldom.filter(record) if record.name.startswith(("aiokafka", "kafka", "faust", "mode")) else True)
    logging.basicConfig(handlers=[out], level=level, force=True)
    for noisy in ("aiokafka", "kafka", "faust", "mode", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # SCRAM never sends a password; on loopback the exchange needs no cover.
    logging.getLogger("kafka.net.sasl").setLevel(logging.ERROR)
    for renamed in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(renamed).handlers.clear()
        logging.getLogger(renamed).setLevel(logging.WARNING)


class Health:
    """Alive while something beats it; ready once it says so, and not while it loads its state: `recovering` tells (done, of how much)."""

    def __init__(self, silence: float = SILENCE_SECONDS) -> None:
        self._silence = silence
        self._last = time.monotonic()
        self.ready = False
        self.recovering: tuple[int, int] | None = None

    def beat(self) -> None:
        """A fetch, heartbeat or commit succeeded."""
        self._last = time.monotonic()

    @property
    def live(self) -> bool:
        """False after `silence` seconds without a beat."""
        return time.monotonic() - self._last < self._silence


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self, process: str) -> None:
        self.registry = CollectorRegistry()
        self.records = Counter("databus_records", "Records read from the bus.", ["topic"], registry=self.registry)
        self.outputs = Counter("databus_outputs", "Records written to the bus.", ["topic"], registry=self.registry)
        self.verdicts = Counter("databus_verdicts", "Findings issued.", ["rule", "verdict"], registry=self.registry)
        self.lag = Gauge("databus_lag_seconds", "Age of the last record taken, seconds.", ["topic"], registry=self.registry)
        self.recovery = Gauge("databus_recovery_ratio", "How much of its state a worker has loaded, 0 to 1.", registry=self.registry)
        self.chunk = Histogram("databus_chunk_seconds", "Time from a chunk's arrival to its commit.", registry=self.registry)
        self.decision = Histogram("databus_decision_seconds", "Time to a policy decision.", ["cached"], registry=self.registry)
        self.disclosures = Counter("databus_disclosures", "Answers released or denied.", ["action", "outcome"], registry=self.registry)
        self.info = Gauge("databus_process", "Always one; names the process.", ["process"], registry=self.registry)
        self.info.labels(process).set(1)

    def exposition(self) -> bytes:
        """All metrics in Prometheus text format."""
        return generate_latest(self.registry)


def routes(health: Health, metrics: Metrics, ready: Callable[[], Awaitable[bool]] | None = None) -> list[Route]:
    """`/health/live`, `/health/ready` and `/metrics` of any process."""

    async def live(_: Request) -> JSONResponse:
        return JSONResponse({"live": health.live}, status_code=200 if health.live else 503)

    async def is_ready(_: Request) -> JSONResponse:
        recovering = health.recovering
        good = health.ready and health.live and recovering is None and (ready is None or await ready())
        told = {} if recovering is None else {"recovering": {"done": recovering[0], "of": recovering[1]}}
        return JSONResponse({"ready": good, **told}, status_code=200 if good else 503)

    async def exposition(_: Request) -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/health/live", live), Route("/health/ready", is_ready), Route("/metrics", exposition)]


def own_page(health: Health, metrics: Metrics) -> Starlette:
    """The whole HTTP side of a process that serves nobody else."""
    return Starlette(routes=routes(health, metrics))


class _Server(uvicorn.Server):
    """A server whose process keeps its own signal handling."""

    def install_signal_handlers(self) -> None:
        """None: `stop_signal` has them."""

    def capture_signals(self) -> Any:
        """None of them: see above."""
        return nullcontext()


class _Prompt(H11Protocol):
    """A connection that closes where a request's head does not arrive in time, byte by byte or not at all."""

    seconds = HEAD_SECONDS
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self._late is None:
            self._late = self.loop.call_later(self.seconds, self.transport.close)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


async def serve(app: Any, *, port: int, setting: str, stop: asyncio.Event, head_seconds: float = HEAD_SECONDS) -> None:
    """Serve an ASGI app on loopback until `stop` is set, then let open answers end within two seconds.

    A connection whose next request takes more than `head_seconds` to say what it asks is closed.

    Raises:
        PortTaken: names the port and the setting that moves it.
    """

    async def ending(server: uvicorn.Server) -> None:
        await stop.wait()
        server.should_exit = True

    try:
        protocol = type("Prompt", (_Prompt,), {"seconds": head_seconds})
        config = uvicorn.Config(app, http=protocol, log_config=None, access_log=False, timeout_graceful_shutdown=2, lifespan="on")
        with _listen(port, setting) as listening:
            # Contracts, routes and pages stay as long as the process: the collector need not walk them again and again.
            gc.collect()
            gc.freeze()
            server = _Server(config)
            watcher = asyncio.create_task(ending(server))
            await server.serve(sockets=[listening])
            watcher.cancel()
    finally:
        stop.set()


def _listen(port: int, setting: str) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
    except OSError as error:
        listening.close()
        raise PortTaken(f"port {port} is taken; {setting} moves this process to another", port=port, setting=setting) from error
    return listening


def stop_signal() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; call it inside the loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
