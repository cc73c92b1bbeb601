"""Ports and plain HTTP probes of the embedded stack."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping

from databus import errors

LOOPBACK = "127.0.0.1"


def require_free(port: int, setting: str, what: str) -> None:
    """Refuse to start where somebody already listens.

    Raises:
        errors.PortTaken: names the port and the setting that moves it.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise errors.PortTaken(
                f"Port {port} is taken, and {what} needs it. Set {setting} to a free port, or end the program that listens there.",
                port=port,
                setting=setting,
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
