"""The supervisor process: `python -m databus.local`, settings in its environment; `stack.up` starts it.

It ends on SIGTERM, SIGINT, or when the pipe on its standard input closes: a stack in the foreground never outlives its terminal.
"""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import signal
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path

from rich.console import Console

from databus import errors
from databus.local import embedded, keys, runfile, services
from databus.local.provision import plan
from databus.local.supervisor import Line, Supervisor
from databus.settings import Settings, inherited


def main() -> int:
    """Supervise the stack of `DATABUS_HOME` until told to stop; the exit code is 0 after a clean stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--services", type=Path, default=services.FOLDER)
    parser.add_argument("--attached", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = Settings()
    lock = os.open(settings.home / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        logging.error("another supervisor runs for %s", settings.home)
        return 3
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    if options.attached:
        threading.Thread(target=_await_end_of_input, args=(stop,), daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="dbus-") as temporary:
        return _supervise(settings, options.services, Path(temporary), stop)


def _await_end_of_input(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        continue
    stop.set()


def _supervise(settings: Settings, folder: Path, sockets: Path, stop: threading.Event) -> int:
    report = partial(runfile.write, settings.home)
    me = runfile.Entry("supervisor", "", os.getpid(), runfile.created(os.getpid()), "ready")
    report(runfile.Run("starting", me, message="preparing"))
    try:
        secrets = keys.read(settings.home)
        programs = plan.provide(settings.cache, embedded.wanted(settings), env=inherited(), console=Console(stderr=True))
        line = Line(
            embedded.engines(settings, secrets, programs, sockets),
            services.job(settings, secrets, folder),
            services.parts(settings, secrets, folder),
        )
    except errors.DatabusError as failure:
        report(runfile.Run("failed", me, error=runfile.told(failure)))
        return 1
    return Supervisor(line, wait=stop.wait, report=report).run()


if __name__ == "__main__":
    sys.exit(main())
