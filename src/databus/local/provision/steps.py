"""Run one download or build: progress on the console, a named stall, and a failure that says what to do instead."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from databus import errors
from databus.local.provision.cache import bytes_under

STALL_SECONDS = 30.0
GIVE_UP_SECONDS = 600.0
_SHARE = 30


@dataclass(frozen=True)
class Engine:
    """Whose step it is, and the setting that points to an engine of one's own."""

    name: str
    setting: str

    def missing(self, why: str) -> errors.EngineMissing:
        """The refusal, with the way around it."""
        return errors.EngineMissing(
            f"{self.name} cannot be provided here: {why} Or set {self.setting} to one of your own.",
            engine=self.name,
            setting=self.setting,
        )


KAFKA = Engine("Kafka", "DATABUS_KAFKA__BOOTSTRAP")
OPA = Engine("OPA", "DATABUS_OPA__URL")
POSTGRES = Engine("PostgreSQL", "DATABUS_POSTGRES__DSN")


def run(argv: Sequence[str], *, title: str, engine: Engine, folder: Path, result: Path, env: Mapping[str, str], console: Console,
        stall_seconds: float = STALL_SECONDS, give_up_seconds: float = GIVE_UP_SECONDS) -> None:  # fmt: skip
    """Run a command whose progress is the growth of `folder`, and whose `result`, in it or it itself, is what stays.

    Raises:
        errors.EngineMissing: it failed, or nothing grew for `give_up_seconds`.
    """
    log = folder / "step.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(argv), env=dict(env), cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _watch(process, title, folder, console, stall_seconds, give_up_seconds)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        last = " / ".join(line for line in log.read_text("utf-8", "replace").splitlines()[-4:] if line.strip())
        raise engine.missing(f"{title} failed with code {process.returncode} ({last[:600]}). Check the network and repeat.")
    log.unlink()
    console.print(f"{title}: done, {bytes_under(result) / 1e6:.0f} MB stay")


def _watch(process: subprocess.Popen[bytes], title: str, folder: Path, console: Console, stall: float, give_up: float) -> None:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), TextColumn("{task.fields[megabytes]:.0f} MB"))
    if not console.is_terminal:
        console.print(title)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=None, megabytes=0.0)
        seen, grown, named = 0, time.monotonic(), False
        while process.poll() is None:
            began = time.monotonic()
            size = bytes_under(folder)
            # A build makes ten thousands of files: counting them may not take from it what it needs itself.
            time.sleep(max(0.2, _SHARE * (time.monotonic() - began)))
            progress.update(task, megabytes=size / 1e6)
            if size != seen:
                seen, grown, named = size, time.monotonic(), False
            quiet = time.monotonic() - grown
            if quiet > stall and not named:
                named = True
                console.print(
                    f"{title}: nothing new for {quiet:.0f} s. Is the package registry reachable, or this machine busy? Still waiting."
                )
            if quiet > give_up:
                return
