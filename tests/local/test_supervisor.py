"""The supervisor in this process, over stand-ins: who calls itself dead, or says nothing, is killed and started again."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from databus.local import runfile, watch
from databus.local.processes import Command, Part
from databus.local.supervisor import Line, Supervisor

PATIENCE_SECONDS = 180.0


def worker(tmp_path: Path, probe: Callable[[], bool | None], does: str = "time.sleep(600)") -> Part:
    """A process that does nothing, for ever; `probe` is what it says of itself."""
    argv = (sys.executable, "-c", f"import time; {does}")
    return Part(Command("profiler", argv, os.environ, tmp_path / "profiler.log"), "", ready=lambda child: True, probe=probe)


def supervised(part: Part, enough: Callable[[runfile.Entry], bool]) -> runfile.Entry:
    """Run it until its entry is `enough`, or patience ends; the entry as it was last."""
    seen: list[runfile.Entry] = []
    until = time.monotonic() + PATIENCE_SECONDS

    def wait(seconds: float) -> bool:
        time.sleep(min(seconds, 0.02))
        return time.monotonic() > until or bool(seen and enough(seen[-1]))

    def report(run: runfile.Run) -> None:
        if run.state != "stopping" and run.entries[0].pid:
            seen.append(run.entries[0])

    assert Supervisor(Line((), None, (part,)), wait=wait, report=report).run() == 0
    return seen[-1]


def test_one_that_fetches_nothing_any_more_is_killed_and_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its page answers 503 once it has had no fetch and no heartbeat for 30 s (`telemetry.Health`)."""
    monkeypatch.setattr(watch, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr("databus.local.supervisor._PROBE_SECONDS", 0.05)
    asked = iter([True, True])
    entry = supervised(worker(tmp_path, lambda: next(asked, False)), lambda entry: entry.restarts > 0)
    assert entry.restarts == 1


def test_one_that_says_nothing_is_killed_and_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SILENCE_SECONDS", 0.3)
    monkeypatch.setattr("databus.local.supervisor._PROBE_SECONDS", 0.05)
    asked = iter([True, True])
    part = worker(tmp_path, lambda: next(asked, None))
    entry = supervised(part, lambda entry: entry.restarts > 0)
    assert entry.restarts == 1


def test_what_a_dead_one_has_left_at_work_is_ended_before_the_next_one_starts(tmp_path: Path) -> None:
    """A backend of a PostgreSQL that was killed may stay for ever, and hold what the next one needs."""
    folder, told = tmp_path / "folder", tmp_path / "left"
    folder.mkdir()
    start = f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], cwd={str(folder)!r}, start_new_session=True).pid"
    leaves = (
        f"import os, pathlib, subprocess, sys; told = pathlib.Path({str(told)!r}); there = told.exists(); "
        f"there or (told.write_text(str({start})), os.kill(os.getpid(), 9)); time.sleep(600)"
    )
    part = worker(tmp_path, lambda: True, leaves)
    part = replace(part, command=replace(part.command, folder=folder))
    assert supervised(part, lambda entry: entry.restarts > 0 and entry.state == "ready").restarts == 1
    left = int(told.read_text())
    assert not psutil.pid_exists(left) or psutil.Process(left).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(("code", "given_up"), [(1, True), (watch.AWAY, False)])
def test_only_who_fails_by_himself_is_given_up(code: int, given_up: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A projector without PostgreSQL goes on when that is back, ten seconds or an hour later."""
    monkeypatch.setattr(watch, "MOST_RESTARTS", 2)
    monkeypatch.setattr(watch, "pause", lambda past, now, *, code=None: 0.01)
    part = worker(tmp_path, lambda: True, f"raise SystemExit({code})")
    supervisor = Supervisor(Line((), None, (part,)), wait=lambda seconds: False, report=lambda run: None)
    supervisor._state = "ready"
    slot = supervisor._services[0]
    supervisor._spawn(slot)
    until = time.monotonic() + PATIENCE_SECONDS
    while slot.state != "failed" and len(slot.restarts) < 6 and time.monotonic() < until:
        supervisor._look()
        time.sleep(0.01)
    assert (slot.state == "failed", len(slot.restarts)) == ((True, 2) if given_up else (False, 6))


def test_a_healthy_one_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "GRACE_SECONDS", 0.1)
    monkeypatch.setattr("databus.local.supervisor._PROBE_SECONDS", 0.02)
    asked: list[bool] = []

    def probe() -> bool:
        asked.append(True)
        return True

    # No new state is reported once it is ready, so what counts is how often it was asked.
    first: list[runfile.Entry] = []

    def enough(entry: runfile.Entry) -> bool:
        first.append(entry)
        return len(asked) > 20

    entry = supervised(worker(tmp_path, probe), enough)
    assert (entry.restarts, entry.pid) == (0, first[0].pid)
