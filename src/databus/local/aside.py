"""A second stack beside the first: a home of its own and ports nobody uses."""

from __future__ import annotations

import socket
from pathlib import Path

from databus.local.addresses import LOOPBACK
from databus.settings import Settings

LISTENERS = ("kafka", "opa", "postgres", "intake", "checker", "profiler", "projector", "gateway")


def settings_aside(home: Path) -> Settings:
    """Settings of a stack in `home`, every port free at this moment."""
    ports = {name: {"port": port} for name, port in zip(LISTENERS, free_ports(len(LISTENERS)), strict=True)}
    return Settings(home=home, **ports)  # type: ignore[arg-type]


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on, each with a free one after it (Kafka's controller takes the next)."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as first, socket.socket() as second:
            first.bind((LOOPBACK, 0))
            port = first.getsockname()[1]
            try:
                second.bind((LOOPBACK, port + 1))
            except (OSError, OverflowError):
                continue
        if not {port, port + 1} & {taken for other in found for taken in (other, other + 1)}:
            found.append(port)
    return found
