"""Workers to kill, freeze and restart, started as the supervisor starts them; and the parts of the stack by their pids."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import httpx
import psutil

from bench.chaos.worker import FAIL
from databus.bus.follow import Positions
from databus.bus.offsets import ends, lag
from databus.bus.topics import inbox
from databus.cli.session import Session
from databus.local import processes, stack
from databus.local.addresses import LOOPBACK, get_status
from databus.local.aside import free_ports
from databus.local.connections import environment
from databus.local.processes import Child, Command
from databus.local.services import Replica, settings_of

SERVICES = ("checker", "profiler")
ENDED = frozenset({0, -signal.SIGTERM, -FAIL, 1, 3, -signal.SIGKILL})
"""How a worker may end: asked to, the second before it listens too; told to fail when it was just ending; failed, or not at rest
in time; its broker away; killed."""

FULL = os.strerror(errno.EFBIG)
"""What the kernel says to a write beyond the limit, and whoever has made it in the log."""

_WORDS_BYTES = 64 * 1024
_PAUSE_SECONDS = 0.3
_LEAVE_SECONDS = 20.0
_ANSWER_SECONDS = 1.0
_RECORDS = "databus_records_total{"


@dataclass
class Fleet:
    """Checkers and profilers by name (`checker-0`). What ended by itself is started again by `tend`.

    `seed` tells what is done to them; `struck` counts it, by (scenario, what); `codes` how workers ended by themselves.
    """

    here: Session
    seed: int
    scenario: str = ""
    workers: dict[str, Child] = field(default_factory=dict)
    struck: Counter[tuple[str, str]] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    leaving: list[Child] = field(default_factory=list)
    _ports: dict[str, int] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)

    def start(self, service: str, number: int) -> str:
        """Start one worker; from the main thread, since the kernel ends it with the thread that started it."""
        name = f"{service}-{number}"
        port = self._ports.setdefault(name, free_ports(1)[0])
        self.workers[name] = processes.spawn(self._command(name, Replica(service, number, port)))
        return name

    def _command(self, name: str, replica: Replica) -> Command:
        settings = settings_of(self.here.settings, replica)
        return Command(
            name=name,
            argv=(sys.executable, str(Path(__file__).with_name("worker.py")), replica.service),
            env=environment(settings, self.here.keys, replica.service),
            log=self.here.settings.home / "logs" / f"{name}.log",
        )

    def tend(self) -> None:
        """Start again, after a short pause, what has ended by itself."""
        for name, child in list(self.workers.items()):
            code = child.process.poll()
            if code is None:
                continue
            if name not in self._due:
                self.codes[code] += 1
                self._due[name] = time.monotonic() + _PAUSE_SECONDS
            elif time.monotonic() >= self._due[name]:
                del self._due[name]
                service, _, number = name.rpartition("-")
                self.start(service, int(number))

    def strike(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a worker, or to a part of the stack."""
        pid = self.workers[name].process.pid if name in self.workers else part(self.here, name)
        if not pid:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            if number is not signal.SIGCONT:
                self.note(f"{number.name} {name.partition('-')[0]}")

    def note(self, what: str) -> None:
        """Count something that was done to the line."""
        self.struck[self.scenario, what] += 1

    def ready(self, *names: str) -> bool:
        """Whether these workers, or all, have their share of the work."""
        return all(get_status(self._ports[name], "/health/ready") == HTTPStatus.OK for name in names or self.workers)

    def taken(self) -> Mapping[int, float]:
        """How many records each worker has taken, by its pid; one that does not answer yet has taken none."""
        return {child.process.pid: _taken(self._ports[name]) for name, child in self.workers.items()}

    def frozen(self, name: str) -> bool:
        """Whether a worker has been stopped, by itself or by us."""
        try:
            return psutil.Process(self.workers[name].process.pid).status() == psutil.STATUS_STOPPED
        except psutil.NoSuchProcess:
            return False

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """No worker goes on meanwhile."""
        try:
            self._all(signal.SIGSTOP)
            yield
        finally:
            self._all(signal.SIGCONT)

    def _all(self, number: signal.Signals) -> None:
        for child in [*self.workers.values(), *self.leaving]:
            with suppress(ProcessLookupError):
                child.process.send_signal(number)

    def leave(self, name: str) -> None:
        """Ask a worker to go for good, without waiting for it."""
        child = self.workers.pop(name)
        child.process.terminate()
        self.note(f"left {name.partition('-')[0]}")
        self.leaving.append(child)

    def stop(self) -> Mapping[str, int]:
        """End all of them; their exit codes by name."""
        children = [*self.workers.values(), *self.leaving]
        self._all(signal.SIGCONT)
        self.workers.clear()
        return processes.end(children, _LEAVE_SECONDS)


def _taken(port: int) -> float:
    try:
        lines = httpx.get(f"http://{LOOPBACK}:{port}/metrics", timeout=_ANSWER_SECONDS).text.splitlines()
    except httpx.HTTPError:
        return 0.0
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(_RECORDS))


def part(here: Session, name: str) -> int:
    """The pid of a part of the stack, 0 while it is down."""
    return next((one.pid for one in stack.status(here.settings) if one.name == name and one.state not in ("down", "gone")), 0)


def back(here: Session, name: str, before: int) -> bool:
    """Whether a part of the stack is up and says so, and is another process than `before`."""
    return any(one.state == "ready" and one.pid not in (0, before) for one in stack.status(here.settings) if one.name == name)


def alive(pid: int) -> bool:
    """Whether a process is still there."""
    return bool(pid) and psutil.pid_exists(pid)


@dataclass(frozen=True)
class Log:
    """What a part of the stack says from here on."""

    file: Path
    begin: int

    def says(self, words: str) -> bool:
        """Whether it has said that."""
        with self.file.open("rb") as lying:
            lying.seek(self.begin)
            return words.encode() in lying.read()


def log_of(here: Session, name: str) -> Log:
    """The log of a part of the stack, from where it ends now."""
    file = here.settings.home / "logs" / f"{name}.log"
    return Log(file, file.stat().st_size)


def without_space(here: Session, name: str) -> None:
    """Let a part of the stack write no file further than its log, which has to tell of it, as if its disk were full."""
    limit = log_of(here, name).begin + _WORDS_BYTES
    with suppress(psutil.NoSuchProcess):
        whole = psutil.Process(part(here, name))
        for one in (whole, *whole.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                one.rlimit(psutil.RLIMIT_FSIZE, (limit, limit))


def arrived(here: Session) -> Positions:
    """Where the inboxes end."""
    return asyncio.run(ends(here.address("admin"), _inboxes(here)))


def checked(here: Session, until: Positions) -> bool:
    """Whether checkers have committed every submission before these places."""
    reached, left = arrived(here), asyncio.run(lag(here.address("admin"), "checker", _inboxes(here)))
    return all(not left[at] or reached[at] - left[at] >= offset for at, offset in until.items())


def _inboxes(here: Session) -> tuple[str, ...]:
    return tuple(inbox(slug) for slug in here.contract.departments)
