"""Our own processes as parts of the stack: `services/<name>/main.py`, asked for their health over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from databus.local.addresses import LOOPBACK, Port, get_status
from databus.local.connections import environment
from databus.local.keys import Keys
from databus.local.processes import Child, Command, Part
from databus.settings import CHECKOUT, Settings

FOLDER = CHECKOUT / "services"
JOB = "registrar"
NAMES = ("intake", "checker", "profiler", "projector", "gateway")
APART = 10
"""How far apart the ports of two processes of one service are."""


@dataclass(frozen=True)
class Replica:
    """One process of a service: `name` is that of the service, with its number behind it from the second on."""

    service: str
    number: int
    port: int

    @property
    def name(self) -> str:
        return f"{self.service}-{self.number}" if self.number else self.service


def replicas(settings: Settings) -> Iterator[Replica]:
    """Every process of every service, in the order of the line."""
    for service in NAMES:
        branch = getattr(settings, service)
        for number in range(getattr(branch, "replicas", 1)):
            yield Replica(service, number, branch.port + APART * number)


def settings_of(settings: Settings, replica: Replica) -> Settings:
    """The settings of one process: its own port, and its own slot where the service has slots."""
    branch = getattr(settings, replica.service)
    own = {"port": replica.port, **({"slot": branch.slot + replica.number} if hasattr(branch, "slot") else {})}
    return settings.model_copy(update={replica.service: branch.model_copy(update=own)})


def ports(settings: Settings) -> Iterator[Port]:
    """Every port of a service."""
    for replica in replicas(settings):
        yield Port(replica.port, f"DATABUS_{replica.service.upper()}__PORT", f"the {replica.name}")


def job(settings: Settings, keys: Keys, folder: Path) -> Command:
    """The registrar: runs before the services and must succeed."""
    return _command(settings, keys, folder, JOB, JOB)


def parts(settings: Settings, keys: Keys, folder: Path) -> list[Part]:
    """The services, in the order of the line."""
    return [_part(settings, keys, folder, replica) for replica in replicas(settings)]


def _part(settings: Settings, keys: Keys, folder: Path, replica: Replica) -> Part:
    port = replica.port

    def ready(child: Child) -> bool:
        return get_status(port, "/health/ready") == 200

    def alive() -> bool | None:
        status = get_status(port, "/health/live")
        return None if status is None else status != 503

    command = _command(settings_of(settings, replica), keys, folder, replica.service, replica.name)
    return Part(command, f"http://{LOOPBACK}:{port}", ready, start_seconds=90.0, stop_seconds=5.0, probe=alive)


def _command(settings: Settings, keys: Keys, folder: Path, service: str, name: str) -> Command:
    return Command(
        name=name,
        argv=(sys.executable, str(folder / service / "main.py")),
        env=environment(settings, keys, service),
        log=settings.home / "logs" / f"{name}.log",
    )
