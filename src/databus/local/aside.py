"""A second stack beside the first: a home of its own and ports nobody uses."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from pathlib import Path

from databus.local.addresses import LOOPBACK
from databus.settings import Settings

LISTENERS = ("kafka", "opa", "postgres", "intake", "checker", "profiler", "projector", "gateway")
PORTS = range(12_000, 32_000, 2)
"""Below those the kernel gives to outgoing connections: one of these would take the port of a part that is just started again."""


def settings_aside(home: Path) -> Settings:
    """Settings of a stack in `home`, every port free at this moment."""
    ports = {name: {"port": port} for name, port in zip(LISTENERS, free_ports(len(LISTENERS)), strict=True)}
    return Settings(home=home, **ports)  # type: ignore[arg-type]


def free_ports(count: int) -> list[int]:
    """Ports of `PORTS` nobody listens on, each with a free one after it (Kafka's controller takes the next)."""
    found: list[int] = []
    while len(found) < count:
        port = random.choice(PORTS)
        if port not in found and _free(port) and _free(port + 1):
            found.append(port)
    return found


def _free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind((LOOPBACK, port))
        return True
    return False
