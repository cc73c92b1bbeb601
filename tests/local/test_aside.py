"""A stack aside takes ports that nobody else can take from it, not even while one of its parts is just started again."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from databus.local import aside
from databus.local.addresses import LOOPBACK


def test_every_part_has_a_port_that_no_outgoing_connection_is_given(tmp_path: Path) -> None:
    settings = aside.settings_aside(tmp_path)
    ports = [getattr(settings, name).port for name in aside.LISTENERS]
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert settings.home == tmp_path and len({one for port in ports for one in (port, port + 1)}) == 2 * len(aside.LISTENERS)
    assert max(ports) + 1 < lowest


@pytest.mark.parametrize("beside", [0, 1])
def test_a_port_is_free_with_the_one_after_it(beside: int, monkeypatch: pytest.MonkeyPatch) -> None:
    free = aside.free_ports(2)
    monkeypatch.setattr(aside, "PORTS", free)
    with socket.socket() as taken:
        taken.bind((LOOPBACK, free[0] + beside))
        assert aside.free_ports(1) == [free[1]]
