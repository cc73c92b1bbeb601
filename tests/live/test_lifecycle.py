"""Starting, stopping, starting again: by the command alone, as a newcomer does."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from databus.local import stack
from databus.local.services import NAMES
from databus.model import keys
from databus.settings import CHECKOUT, Settings
from engines import local_settings
from live.line import Live, begun, eventually, live_of, run

pytestmark = pytest.mark.live

PENALTIES = CHECKOUT / "schemas" / "ADMIN_PENALTY" / "samples" / "penalties.csv"
START = ("up", "--detach", "--empty")
PROCESSES = ("supervisor", "kafka", "postgres", "opa", *NAMES)
TIME = keys.pack("clock")
"""How the keys of ticks and releases begin: a restart may be told of a day."""
DATA = {"kafka", "postgres", "keys", "logs", "opa"}


@pytest.fixture
def settings(tmp_path: Path) -> Any:
    made = local_settings(tmp_path / "home")
    yield made
    stack.down(made)


def test_a_line_through_its_whole_life(settings: Settings, tmp_path: Path) -> None:
    began = run(settings, *START)
    assert began.returncode == 0, began.stdout + began.stderr
    live = live_of(settings)
    _a_second_start_says_so(live)
    _a_taken_port_is_named(live, tmp_path / "other")
    sent = ("publish", str(PENALTIES), "--department", "emergency", "--type", "ADMIN_PENALTY", "--result", str(tmp_path / "r.csv"))
    told = run(settings, *sent)
    assert "accepted" in told.stdout, told.stdout + told.stderr
    before = _kept(live)
    assert before["records"]
    _down_ends_everything_and_nothing_else(live)
    _a_start_in_the_foreground_keeps_the_data_and_ends_with_ctrl_c(live, before)
    _erasing_asks_first(live)
    _erasing_removes_data_and_keys(live)


def _kept(live: Live) -> dict[str, Any]:
    """What a restart must not change: records, places, keys, and what the gateway answers."""
    folder = live.here.keys.folder
    live.settled()
    with live.client() as client:
        penalties = client.get("/v1/datasets/penalties/records")
    assert penalties.status_code == 200, penalties.text
    return {
        "records": live.sql("SELECT * FROM record_versions ORDER BY part, from_offset"),
        "events": [(one.partition, one.offset, one.key, one.value) for one in live.log("events") if not (one.key or b"").startswith(TIME)],
        "keys": {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()},
        "answer": penalties.json(),
        "token": bool(live.token("agency-north")),
    }


def _a_second_start_says_so(live: Live) -> None:
    pids = {one.name: one.pid for one in stack.status(live.here.settings)}
    again = run(live.here.settings, *START)
    assert again.returncode == 1
    assert "runs already" in again.stderr and "databus down" in again.stderr, again.stderr
    assert {one.name: one.pid for one in stack.status(live.here.settings)} == pids


def _a_taken_port_is_named(live: Live, home: Path) -> None:
    for name in ("gateway", "kafka"):
        taken = getattr(live.here.settings, name)
        other = local_settings(home).model_copy(update={name: taken})
        refused = run(other, *START)
        words = " ".join(refused.stderr.split())
        assert refused.returncode == 2
        assert str(taken.port) in words and f"DATABUS_{name.upper()}__PORT" in words, refused.stderr
        assert not [one for one in stack.status(other) if one.pid], "nothing was started"


def _down_ends_everything_and_nothing_else(live: Live) -> None:
    settings = live.here.settings
    running = [one for one in stack.status(settings) if one.pid]
    assert {one.name for one in running} == set(PROCESSES)
    assert run(settings, "down").returncode == 0
    assert not [one for one in running if psutil.pid_exists(one.pid)]
    for name in PROCESSES[1:]:
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", getattr(settings, name).port))
    again = run(settings, "down")
    assert again.returncode == 0 and "Nothing" in again.stdout
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{live.here.gateway}/health/live", timeout=2.0)
    asked = run(settings, "findings", "--department", "emergency")
    assert asked.returncode == 3 and "Traceback" not in asked.stderr and "Connect call failed" not in asked.stderr, asked.stderr
    told = run(settings, "status")
    assert (told.returncode, told.stderr) == (0, "") and "nothing can be reconciled" in told.stdout, told.stdout


def _a_start_in_the_foreground_keeps_the_data_and_ends_with_ctrl_c(live: Live, before: dict[str, Any]) -> None:
    with begun(live.here.settings, "up", "--empty") as process:
        eventually(lambda: _ready(live) or process.poll() is not None, 240, "the second start is ready")
        assert process.poll() is None, process.communicate()
        assert _kept(live) == before
        pids = [one.pid for one in stack.status(live.here.settings) if one.pid]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, out + err
        assert "Serving" in out and "Traceback" not in err
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def _ready(live: Live) -> bool:
    states = {one.name: one.state for one in stack.status(live.here.settings)}
    return states == dict.fromkeys(PROCESSES, "ready")


def _erasing_asks_first(live: Live) -> None:
    settings = live.here.settings
    asked = run(settings, "down", "--erase")
    assert asked.returncode == 1 and "[y/N]" in asked.stdout + asked.stderr
    assert {path.name for path in settings.home.iterdir()} >= DATA


def _erasing_removes_data_and_keys(live: Live) -> None:
    settings = live.here.settings
    assert run(settings, "down", "--erase", "--yes").returncode == 0
    assert not DATA & {path.name for path in settings.home.iterdir()}
    assert settings.cache.exists(), "downloads are kept"
    told = run(settings, "status")
    assert told.returncode == 2 and "Traceback" not in told.stderr, told.stderr
