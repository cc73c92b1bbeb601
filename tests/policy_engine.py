"""The real OPA on the real policies with the labels of the real contracts, for tests."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rich.console import Console

from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.local.aside import free_ports
from databus.local.provision.opa import opa as provided
from databus.policy import bundle
from databus.settings import CHECKOUT, Settings, inherited

TOKEN = "a-token-for-tests"
POLICIES = CHECKOUT / "policies"


@dataclass(frozen=True)
class RunningOpa:
    """Where it listens and which revision it answers with."""

    url: str
    revision: str


@cache
def contract() -> Contract:
    """The shipped contracts."""
    return catalogue.load(CHECKOUT / "schemas")


def program() -> Path:
    """The `opa` this machine has or builds."""
    return provided(Settings().cache, env=inherited(), console=Console(stderr=True))


@contextmanager
def running_opa(folder: Path) -> Iterator[RunningOpa]:
    """OPA with token authentication on a bundle written into `folder`."""
    revision = bundle.write(POLICIES, contract=contract(), folder=folder)
    (port,) = free_ports(1)
    argv = [str(program()), "run", "--server", "--addr", f"127.0.0.1:{port}", "--log-level", "error", "--disable-telemetry"]
    argv += ["--authentication", "token", "--authorization", "basic", "--bundle", str(folder)]
    with started(argv, f"http://127.0.0.1:{port}/health"):
        yield RunningOpa(f"http://127.0.0.1:{port}", revision)


@contextmanager
def started(argv: list[str], health: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that answers at `health`; ended at the end."""
    child = subprocess.Popen(argv, env={**os.environ, "DATABUS_OPA_TOKEN": TOKEN}, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not answers(health):
            assert child.poll() is None and time.monotonic() < deadline, "OPA did not start"
            time.sleep(0.05)
        yield child
    finally:
        child.terminate()
        child.wait(10)


def answers(url: str) -> bool:
    """True if a GET of the address gives 200."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
