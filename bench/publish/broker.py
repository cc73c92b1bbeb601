"""A broker of its own with inboxes and schemas, and nothing that reads them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from databus.bootstrap.parts import address_of
from databus.bus import admin, registry
from databus.cli.output import aside
from databus.contract import catalogue
from databus.errors import EngineMissing
from databus.local import embedded, keys, processes
from databus.local.aside import settings_aside
from databus.local.connections import connected, variables
from databus.local.provision import plan
from databus.settings import CHECKOUT, Settings, inherited

_ELSEWHERE = {"opa": {"url": "http://127.0.0.1:1"}, "postgres": {"dsn": SecretStr("postgresql://127.0.0.1:1/none")}}
"""Addresses of parts that nobody asks here, so that they are not started."""


@dataclass(frozen=True)
class Broker:
    """A running broker; `environment` lets a child process find it."""

    settings: Settings
    environment: Mapping[str, str]


@contextmanager
def broker(folder: Path) -> Iterator[Broker]:
    """A broker, until the end of the block."""
    found = settings_aside(folder / "home")
    settings = found.model_copy(update={name: getattr(found, name).model_copy(update=told) for name, told in _ELSEWHERE.items()})
    settings.home.mkdir()
    contract = catalogue.load(settings.contracts)
    programs = plan.provide(settings.cache, embedded.wanted(settings), env=inherited(), console=aside())
    secrets = keys.ensure(settings.home, tuple(contract.departments), data_exists=False)
    (engine,) = embedded.engines(settings, secrets, programs, folder)
    child = processes.spawn(engine.part.command)
    try:
        _await(engine.part, child)
        address = address_of(connected(settings, secrets, "admin"))
        passwords = {user: secrets.kafka_password(user) for user in secrets.kafka_users()}
        admin.provision(address, departments=contract.departments, passwords=passwords)
        registry.register(address, contract.schemas)
        path = os.pathsep.join((str(CHECKOUT), *sys.path))
        yield Broker(settings, {**inherited(), **variables(settings), "PYTHONPATH": path})
    finally:
        processes.end([child], 20.0)


def _await(part: processes.Part, child: processes.Child) -> None:
    until = time.monotonic() + part.start_seconds
    while not part.ready(child):
        if child.process.poll() is not None or time.monotonic() > until:
            raise EngineMissing(f"the broker did not start: {child.tail()}")
        time.sleep(0.05)
