"""A stack that runs: where it is, and how to wait for it or end it."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass
from types import TracebackType

from databus.local import runfile
from databus.local.connections import Connections, connections
from databus.local.keys import Keys
from databus.settings import Settings

_STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Running:
    """Use it in a `with`: a stack in the foreground ends with the block; a detached one (`process` is None) goes on."""

    settings: Settings
    keys: Keys
    process: subprocess.Popen[bytes] | None

    @property
    def connections(self) -> Connections:
        """How to reach its engines."""
        return connections(self.settings, self.keys)

    def wait(self) -> None:
        """Serve until Ctrl-C or SIGTERM, then stop; returns at once when detached.

        Raises:
            errors.DatabusError: an engine failed for good and everything was stopped.
        """
        process = self.process
        if process is None:
            return
        # The handler only passes the wish on, so a second Ctrl-C cuts nothing short.
        before = {number: signal.signal(number, lambda *_: process.terminate()) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            process.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        run = runfile.read(self.settings.home)
        if run and run.state == "failed":
            raise runfile.raised(run)

    def stop(self) -> None:
        """End everything, once; a second Ctrl-C does not cut it short."""
        if self.process is None or self.process.poll() is not None:
            return
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            if self.process.stdin:
                self.process.stdin.close()
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        finally:
            signal.signal(signal.SIGINT, before)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
