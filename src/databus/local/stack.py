"""The whole line on one machine: up, down, erase, status."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console

from databus import errors
from databus.local import embedded, home, keys, runfile, services
from databus.local.addresses import require_free
from databus.local.connections import variables
from databus.local.provision import plan
from databus.local.running import Running
from databus.settings import Settings, inherited

_STOP_SECONDS = 60.0
_LOG_BYTES = 20_000_000


@dataclass(frozen=True)
class ProcessStatus:
    """One process as it is now. `state`: ready, starting, unready, down, failed, stopped, gone (without our doing) or external."""

    name: str
    state: str
    address: str
    pid: int
    memory_bytes: int
    restarts: int


def up(settings: Settings, *, departments: tuple[str, ...], console: Console, detach: bool = False,
       service_folder: Path = services.FOLDER) -> Running:  # fmt: skip
    """Provide the engines, make the keys, start everything and wait until all of it is ready. Safe to repeat.

    Args:
        departments: slugs; each gets a Kafka user of its own.
        detach: leave it running after this process has ended. Otherwise it ends with this process, however that ends.

    Raises:
        errors.Conflict: this home's stack runs already.
        errors.PortTaken: names the port and the setting that moves it.
        errors.EngineMissing: an engine cannot be provided or started.
        errors.DataUnusable: the data here needs other keys or another version.
        errors.Unavailable: one of our processes does not start.
    """
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(settings.home):
        _end_leftovers(settings.home, refuse_running=True)
        need = embedded.wanted(settings)
        plan.provide(settings.cache, need, env=inherited(), console=console)
        home.require_usable(settings.home)
        secrets = keys.ensure(settings.home, departments, data_exists=home.has_data(settings.home))
        require_free([*embedded.ports(settings, need), *services.ports(settings)])
        process = _start_supervisor(settings, detach=detach, service_folder=service_folder)
        try:
            _await_ready(settings.home, process, console)
        except BaseException:
            process.terminate()
            process.wait(_STOP_SECONDS)
            raise
    return Running(settings, secrets, None if detach else process)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise errors.Conflict(f"The stack of {folder} is being started by another process.") from None
    finally:
        os.close(descriptor)


def _start_supervisor(settings: Settings, *, detach: bool, service_folder: Path) -> subprocess.Popen[bytes]:
    logs = settings.home / "logs"
    logs.mkdir(exist_ok=True)
    for log in logs.glob("*.log"):
        if log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
    argv = [sys.executable, "-m", "databus.local", "--services", str(service_folder), *([] if detach else ["--attached"])]
    with (logs / "supervisor.log").open("ab") as out:
        return subprocess.Popen(
            argv,
            env={**inherited(), **variables(settings)},
            stdin=subprocess.DEVNULL if detach else subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _await_ready(folder: Path, process: subprocess.Popen[bytes], console: Console) -> None:
    named: set[str] = set()
    with console.status("Starting") as status:
        while True:
            ended = process.poll() is not None
            run = runfile.read(folder)
            if run and run.supervisor.pid == process.pid:
                for entry in run.entries:
                    if entry.state == "ready" and entry.name not in named:
                        named.add(entry.name)
                        console.print(f"{entry.name} is ready at {entry.address}")
                waiting = ", ".join(entry.name for entry in run.entries if entry.state == "starting")
                status.update(f"Starting {waiting or run.message}")
                if run.state == "ready":
                    return
                if run.state == "failed":
                    raise runfile.raised(run)
            if ended:
                log = folder / "logs" / "supervisor.log"
                last = "\n".join(log.read_text("utf-8", "replace").splitlines()[-5:])
                raise errors.Unavailable(f"The supervisor ended with code {process.returncode}:\n{last}\n(all of it: {log})")
            time.sleep(0.1)


def down(settings: Settings) -> tuple[str, ...]:
    """End what this home's supervisor started, and nothing else; names of what was running."""
    return _end_leftovers(settings.home, refuse_running=False)


def erase(settings: Settings) -> None:
    """End the stack and remove its data, keys and logs; downloaded engines stay."""
    down(settings)
    home.erase(settings.home)


def _end_leftovers(folder: Path, *, refuse_running: bool) -> tuple[str, ...]:
    run = runfile.read(folder)
    if run is None:
        return ()
    living = tuple(entry.name for entry in (run.supervisor, *run.entries) if runfile.process(entry))
    supervisor = runfile.process(run.supervisor)
    if supervisor and refuse_running:
        raise errors.Conflict(
            f"The stack of {folder} runs already, under pid {supervisor.pid}. `databus status` shows it, `databus down` ends it.",
            pid=supervisor.pid,
        )
    if supervisor:
        _end([supervisor], _STOP_SECONDS)
    # After a clean stop nothing is left; after a kill -9 of the supervisor these may be.
    entries = (runfile.read(folder) or run).entries
    _end([found for entry in entries if (found := runfile.process(entry))], 10.0)
    return living


def _end(found: list[psutil.Process], seconds: float) -> None:
    _each(found, psutil.Process.terminate)
    _, left = psutil.wait_procs(found, timeout=seconds)
    _each(left, psutil.Process.kill)
    psutil.wait_procs(left, timeout=5.0)


def _each(found: list[psutil.Process], act: Callable[[psutil.Process], None]) -> None:
    for process in found:
        try:
            act(process)
        except psutil.NoSuchProcess:
            continue


def status(settings: Settings) -> list[ProcessStatus]:
    """Every process of this home's stack, the supervisor first; empty when none was ever started."""
    run = runfile.read(settings.home)
    if run is None:
        return []
    need = embedded.wanted(settings)
    own = (
        ("postgres", need.postgres, "set by DATABUS_POSTGRES__DSN"),
        ("kafka", need.kafka, settings.kafka.bootstrap),
        ("opa", need.opa, settings.opa.url),
    )
    external = [ProcessStatus(name, "external", address, 0, 0, 0) for name, embed, address in own if not embed]
    return [_status(entry) for entry in (run.supervisor, *run.entries)] + external


def _status(entry: runfile.Entry) -> ProcessStatus:
    found = runfile.process(entry)
    memory = 0
    if found:
        try:
            memory = found.memory_info().rss + sum(child.memory_info().rss for child in found.children() if entry.name == "postgres")
        except psutil.Error:
            found = None
    state = entry.state if found or entry.state in {"stopped", "failed", "down", "waiting"} else "gone"
    return ProcessStatus(entry.name, state, entry.address, found.pid if found else 0, memory, entry.restarts)
