"""Ports and plain HTTP probes of the embedded stack."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from databus import errors

LOOPBACK = "127.0.0.1"


class Port(NamedTuple):
    """A port that `what` listens on, and the setting that moves it."""

    number: int
    setting: str
    what: str


def require_free(ports: Iterable[Port]) -> None:
    """Refuse to start where somebody already listens, or where two of ours would.

    Raises:
        errors.PortTaken: names the port and the setting that moves it.
    """
    known: dict[int, Port] = {}
    for port in ports:
        other = known.setdefault(port.number, port)
        if other is not port:
            raise errors.PortTaken(
                f"Port {port.number} is set for {other.what} ({other.setting}) and for {port.what} ({port.setting}). Move one of them.",
                port=port.number,
                setting=port.setting,
            )
        _require_free(port)


def _require_free(port: Port) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port.number))
        except OSError:
            raise errors.PortTaken(
                f"Port {port.number} is taken, and {port.what} needs it. Set {port.setting} to a free port, or end the program that "
                f"listens there.",
                port=port.number,
                setting=port.setting,
            ) from None


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1.0):
            return True
    except OSError:
        return False


def get_status(port: int, path: str, headers: Mapping[str, str] | None = None, timeout: float = 2.0) -> int | None:
    """HTTP status of GET `path` on this machine; None when nobody answers in `timeout` seconds."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
