"""One child process: how it is started, watched and ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_LEFT_SECONDS = 5.0
CLEAN = (0, -signal.SIGTERM, -signal.SIGINT, 128 + signal.SIGTERM, 128 + signal.SIGINT)


@dataclass(frozen=True)
class Command:
    """What to start. `log` is appended to; `uid` is set only where the program refuses to run as root, `folder` where processes of it
    work that may outlive it."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    uid: int | None = None
    folder: Path | None = None


@dataclass(frozen=True)
class Child:
    """A started command; `log_offset` is where its own lines begin in the log, `started` is monotonic seconds."""

    command: Command
    process: subprocess.Popen[bytes]
    log_offset: int
    started: float

    def lines(self) -> str:
        """Everything this child has logged so far."""
        with self.command.log.open("rb") as file:
            file.seek(self.log_offset)
            return file.read().decode("utf-8", "replace")

    def tail(self, lines: int = 15) -> str:
        """The last lines it logged, and while it has said nothing those of the start before: the reason, when it has died."""
        told = self.lines() or self.command.log.read_text("utf-8", "replace")
        return "\n".join(told.splitlines()[-lines:])


@dataclass(frozen=True)
class Part:
    """A process of the stack: its command, the address it serves and the question whether it is ready."""

    command: Command
    address: str
    ready: Callable[[Child], bool]
    start_seconds: float = 60.0
    stop_seconds: float = 5.0
    probe: Callable[[], bool | None] = field(default=lambda: True)  # True alive, False calls itself dead, None no answer

    @property
    def name(self) -> str:
        return self.command.name


def spawn(command: Command) -> Child:
    """Start it in a session of its own, so that Ctrl-C reaches only the supervisor.

    The kernel ends it when the thread that called this ends (Linux): call it from the main thread.
    """
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("ab") as log:
        offset = log.tell()
        process = subprocess.Popen(
            [*_deathwatch(command.stop_signal), *command.argv],
            env=dict(command.env),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **({} if command.uid is None else {"user": command.uid, "group": command.uid, "extra_groups": []}),  # type: ignore[call-overload]
        )
    return Child(command, process, offset, time.monotonic())


def _deathwatch(number: signal.Signals) -> Sequence[str]:
    """The prefix that ends a child with its parent, where util-linux has it."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", number.name.removeprefix("SIG")) if setpriv else ()


def end(children: Sequence[Child], seconds: float) -> dict[str, int]:
    """Ask all at once to stop, wait, then kill what is left with its group. Returns exit codes by name."""
    for child in children:
        if child.process.poll() is None:
            child.process.send_signal(child.command.stop_signal)
    deadline = time.monotonic() + seconds
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
    for child in children:
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
    return {child.command.name: child.process.wait() for child in children}


def end_left(command: Command) -> None:
    """Kill what a dead command has left at work in its folder. Of a PostgreSQL that was killed a backend may stay for ever, and with it
    the shared memory without which no other starts."""
    if command.folder is None:
        return
    folder = command.folder.resolve()
    left = [one for one in psutil.process_iter() if _works_in(one, folder)]
    for one in left:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(left, timeout=_LEFT_SECONDS)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    with suppress(psutil.Error):
        return Path(process.cwd()) == folder
    return False
