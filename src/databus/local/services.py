"""Our own processes as parts of the stack: `services/<name>/main.py`, asked for their health over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from databus.local.addresses import LOOPBACK, get_status, require_free
from databus.local.connections import environment
from databus.local.keys import Keys
from databus.local.processes import Child, Command, Part
from databus.settings import CHECKOUT, Settings

FOLDER = CHECKOUT / "services"
JOB = "registrar"
NAMES = ("checker", "profiler", "projector", "gateway")


def ports(settings: Settings) -> Mapping[str, int]:
    """Port of each service, by name."""
    return {name: getattr(settings, name).port for name in NAMES}


def require_ports(settings: Settings) -> None:
    """Check every service's port before anything starts.

    Raises:
        errors.PortTaken: names the port and its setting.
    """
    for name, port in ports(settings).items():
        require_free(port, f"DATABUS_{name.upper()}__PORT", f"the {name}")


def job(settings: Settings, keys: Keys, folder: Path) -> Command:
    """The registrar: runs before the services and must succeed."""
    return _command(settings, keys, folder, JOB)


def parts(settings: Settings, keys: Keys, folder: Path) -> list[Part]:
    """The services, in the order of the line."""
    return [_part(settings, keys, folder, name, port) for name, port in ports(settings).items()]


def _part(settings: Settings, keys: Keys, folder: Path, name: str, port: int) -> Part:
    def ready(child: Child) -> bool:
        return get_status(port, "/health/ready") == 200

    def alive() -> bool | None:
        status = get_status(port, "/health/live")
        return None if status is None else status != 503

    command = _command(settings, keys, folder, name)
    return Part(command, f"http://{LOOPBACK}:{port}", ready, start_seconds=90.0, stop_seconds=5.0, probe=alive)


def _command(settings: Settings, keys: Keys, folder: Path, name: str) -> Command:
    return Command(
        name=name,
        argv=(sys.executable, str(folder / name / "main.py")),
        env=environment(settings, keys, name),
        log=settings.home / "logs" / f"{name}.log",
    )
