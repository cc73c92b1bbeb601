"""Start in order, watch, restart within bounds, stop in reverse. One thread: the kernel ties children to it."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from databus import errors
from databus.local import processes, runfile, watch
from databus.local.embedded import Engine
from databus.local.processes import Child, Command, Part

_PROBE_SECONDS = 2.0
_SETTINGS = {"kafka": "DATABUS_KAFKA__BOOTSTRAP", "opa": "DATABUS_OPA__URL", "postgres": "DATABUS_POSTGRES__DSN"}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Line:
    """All that is to run: engines in order of start, the job between, the services."""

    engines: Sequence[Engine]
    job: Command | None
    services: Sequence[Part]


class Stopped(BaseException):
    """Somebody asked us to end; raised out of every wait so that stopping happens in one place."""


@dataclass
class Slot:
    """One supervised process and its history."""

    part: Part
    started: Callable[[], None] | None = None
    child: Child | None = None
    state: str = "waiting"
    restarts: list[float] = field(default_factory=list)
    answered: float = 0.0
    probed: float = 0.0
    not_before: float = 0.0
    well: bool = False

    @property
    def engine(self) -> bool:
        return self.started is not None

    def running(self) -> bool:
        return self.child is not None and self.child.process.poll() is None


class Supervisor:
    """Runs a `Line` until asked to stop. `wait(seconds)` tells whether that has happened; `report` gets every new state."""

    def __init__(self, line: Line, *, wait: Callable[[float], bool], report: Callable[[runfile.Run], None]) -> None:
        self._job = line.job
        self._engines = [Slot(engine.part, engine.started) for engine in line.engines]
        self._services = [Slot(part) for part in line.services]
        self._wait, self._report = wait, report
        self._state, self._message = "starting", ""
        self._reported: runfile.Run | None = None
        self._engines_since = time.monotonic()
        self._me = runfile.Entry("supervisor", "", os.getpid(), runfile.created(os.getpid()), "ready")

    def run(self) -> int:
        """The whole life; returns the exit code."""
        error: errors.DatabusError | None = None
        try:
            self._start()
            while True:
                self._pause(0.2)
                self._look()
        except Stopped:
            log.info("asked to stop")
        except errors.DatabusError as failure:
            log.error("%s", failure)
            error = failure
        finally:
            self._tell("stopping", "stopping")
            self._stop()
        self._tell("failed" if error else "stopped", "", runfile.told(error) if error else None)
        return 1 if error else 0

    def _start(self) -> None:
        self._tell("starting", "engines")
        for slot in self._engines:
            self._spawn(slot)
        self._await(self._engines)
        self._engines_since = time.monotonic()
        if self._job:
            self._tell("starting", self._job.name)
            self._run_job(self._job)
        self._tell("starting", "services")
        for slot in self._services:
            self._spawn(slot)
        self._await(self._services)
        self._tell("ready", "")

    def _await(self, slots: Sequence[Slot]) -> None:
        begun = time.monotonic()
        while not all(slot.well for slot in slots):
            self._pause(0.05)
            self._look(0.2)
            for slot in slots:
                gone = slot.engine and not slot.running()
                if not slot.well and (gone or slot.state == "failed" or time.monotonic() - begun > slot.part.start_seconds):
                    raise self._failure(slot)

    def _run_job(self, command: Command) -> None:
        child = processes.spawn(command)
        try:
            while child.process.poll() is None:
                self._pause(0.05)
        finally:
            processes.end([child], 5.0)
        if child.process.returncode:
            raise errors.Unavailable(
                f"The {command.name} failed with code {child.process.returncode}:\n{child.tail()}\n(all of it: {command.log})"
            )

    def _look(self, every: float = _PROBE_SECONDS) -> None:
        """One round: engines first, since services are restarted only on running engines."""
        now = time.monotonic()
        for slot in self._engines:
            self._visit(slot, now, every)
            if self._state == "ready" and slot.state == "failed":
                raise self._failure(slot)
        if not all(slot.well and slot.running() for slot in self._engines):
            self._engines_since = now
        up = self._engines_since < now or not self._engines
        for slot in self._services:
            if slot.child:
                self._visit(slot, now, every, may_start=up)
        self._tell(self._state, self._message)

    def _visit(self, slot: Slot, now: float, every: float, may_start: bool = True) -> None:
        if slot.running():
            if now - slot.probed >= every:
                self._probe(slot, now)
        elif slot.state != "failed" and slot.child and (self._state == "ready" or not slot.engine):
            self._revive(slot, slot.child, now, may_start)

    def _probe(self, slot: Slot, now: float) -> None:
        assert slot.child
        if slot.engine and not slot.well:
            slot.well = slot.part.ready(slot.child)
            if slot.well and slot.started:
                slot.started()
            said: bool | None = slot.well or None
        else:
            said = slot.part.probe()
            slot.well = said is True and (slot.engine or slot.part.ready(slot.child))
        slot.probed = time.monotonic()
        if said is not None:
            slot.answered = slot.probed
        since = slot.child.started if slot.engine else max(slot.child.started, self._engines_since)
        slot.state = "ready" if slot.well else ("unready" if slot.state in {"ready", "unready"} else "starting")
        # On a busy machine a start takes longer than a healthy process may be silent.
        silence = watch.SILENCE_SECONDS if slot.answered > slot.child.started else max(watch.SILENCE_SECONDS, slot.part.start_seconds)
        if watch.must_kill(said, answered=slot.answered, since=since, now=slot.probed, silence=silence):
            log.warning("%s is %s: killed", slot.part.name, "silent" if said is None else "stuck by its own word")
            with suppress(ProcessLookupError):
                os.killpg(slot.child.process.pid, signal.SIGKILL)

    def _revive(self, slot: Slot, child: Child, now: float, may_start: bool) -> None:
        slot.well, code = False, child.process.returncode
        if slot.state not in {"down", "waiting"}:
            log.warning("%s ended with code %s", slot.part.name, code)
            slot.state, slot.not_before = "down", now + watch.pause(slot.restarts, now, code=code)
        if not may_start or now < slot.not_before:
            return
        if code != watch.AWAY and not watch.may_restart(slot.restarts, now):
            log.error("%s ends again and again: given up, see %s", slot.part.name, child.command.log)
            slot.state = "failed"
            return
        slot.restarts.append(now)
        processes.end_left(slot.part.command)
        self._spawn(slot)

    def _spawn(self, slot: Slot) -> None:
        slot.child = processes.spawn(slot.part.command)
        slot.state, slot.well, slot.probed = "starting", False, 0.0
        slot.answered = slot.child.started
        log.info("%s started as %s", slot.part.name, slot.child.process.pid)

    def _stop(self) -> None:
        for group in (self._services, *([slot] for slot in reversed(self._engines))):
            children = [slot.child for slot in group if slot.child]
            codes = processes.end(children, max((slot.part.stop_seconds for slot in group), default=0.0))
            for slot in group:
                slot.state = "stopped"
            log.info("ended %s", codes)
            self._tell(self._state, self._message)

    def _failure(self, slot: Slot) -> errors.DatabusError:
        name, tail = slot.part.name, slot.child.tail() if slot.child else ""
        words = f"{name} does not run; its last words:\n{tail}\n(all of them: {slot.part.command.log})"
        if slot.engine:
            setting = _SETTINGS[name]
            return errors.EngineMissing(f"{words}\nYou may set {setting} to one of your own.", engine=name, setting=setting)
        return errors.Unavailable(words, process=name)

    def _pause(self, seconds: float) -> None:
        if self._wait(seconds):
            raise Stopped

    def _tell(self, state: str, message: str, error: dict[str, Any] | None = None) -> None:
        self._state, self._message = state, message
        run = runfile.Run(
            state, replace(self._me, state=state), tuple(_entry(slot) for slot in (*self._engines, *self._services)), message, error
        )
        if run != self._reported:
            self._reported = run
            self._report(run)


def _entry(slot: Slot) -> runfile.Entry:
    pid = slot.child.process.pid if slot.child else 0
    born = runfile.created(pid) if slot.running() else 0.0
    return runfile.Entry(slot.part.name, slot.part.address, pid if born else 0, born, slot.state, len(slot.restarts))
