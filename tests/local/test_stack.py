"""Up, status, down, restart: the supervisor with stand-in services and no engine of its own."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr
from rich.console import Console

from databus import errors
from databus.local import runfile, services, stack
from databus.local.connections import variables
from databus.settings import Kafka, Opa, Postgres, Settings, inherited
from engines import local_settings

SERVICE = """
import http.server, os
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["DATABUS_{name}__PORT"])), Health).serve_forever()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Engines elsewhere (nobody looks), services on free ports, a home of its own."""
    own = {
        "kafka": Kafka(bootstrap="127.0.0.1:1"),
        "opa": Opa(url="http://127.0.0.1:1"),
        "postgres": Postgres(dsn=SecretStr("postgresql://x/x")),
    }
    return local_settings(tmp_path / "home").model_copy(update=own)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in services.NAMES:
        place = tmp_path / "services" / name / "main.py"
        place.parent.mkdir(parents=True)
        place.write_text(SERVICE.format(name=name.upper()))
    write_job(tmp_path / "services", "import os; print('made', os.environ['DATABUS_KAFKA__USERNAME'])")
    return tmp_path / "services"


def write_job(folder: Path, text: str) -> None:
    (folder / services.JOB).mkdir(exist_ok=True)
    (folder / services.JOB / "main.py").write_text(text)


def quiet() -> Console:
    return Console(file=io.StringIO())


def start(settings: Settings, folder: Path, detach: bool = False) -> stack.Running:
    return stack.up(settings, departments=("tax",), console=quiet(), detach=detach, service_folder=folder)


def eventually(true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.05)


def by_name(settings: Settings) -> dict[str, stack.ProcessStatus]:
    return {entry.name: entry for entry in stack.status(settings)}


def test_everything_is_ready_and_everything_ends(settings: Settings, folder: Path) -> None:
    with start(settings, folder):
        found = by_name(settings)
        assert {found[name].state for name in services.NAMES} == {"ready"}
        assert {found[name].state for name in ("kafka", "opa", "postgres")} == {"external"}
        assert all(found[name].memory_bytes > 0 for name in services.NAMES)
        assert "made registrar" in (settings.home / "logs" / "registrar.log").read_text()
        pids = [found[name].pid for name in ("supervisor", *services.NAMES)]
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    assert {entry.state for entry in by_name(settings).values()} - {"external"} == {"stopped"}


def test_a_killed_service_comes_back_and_is_counted(settings: Settings, folder: Path) -> None:
    with start(settings, folder):
        before = by_name(settings)["profiler"].pid
        os.kill(before, signal.SIGKILL)
        eventually(lambda: (now := by_name(settings)["profiler"]).state == "ready" and now.pid != before and now.restarts == 1)


def test_a_service_that_ends_again_and_again_is_named_with_its_last_words(settings: Settings, folder: Path) -> None:
    (folder / "profiler" / "main.py").write_text("raise SystemExit('no schema at all')")
    with pytest.raises(errors.Unavailable, match="no schema at all"):
        start(settings, folder)
    assert not [entry for entry in stack.status(settings) if entry.pid]


def test_a_failed_registrar_stops_the_start(settings: Settings, folder: Path) -> None:
    write_job(folder, "raise SystemExit('cannot make topics')")
    with pytest.raises(errors.Unavailable, match="cannot make topics"):
        start(settings, folder)


def test_a_second_start_is_refused_and_down_ends_the_detached(settings: Settings, folder: Path) -> None:
    start(settings, folder, detach=True)
    with pytest.raises(errors.Conflict, match="databus down"):
        start(settings, folder)
    assert set(services.NAMES) <= set(stack.down(settings))
    assert stack.down(settings) == ()


def test_a_taken_port_is_named_with_its_setting_before_anything_starts(settings: Settings, folder: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", settings.gateway.port))
        holder.listen()
        with pytest.raises(errors.PortTaken, match=f"{settings.gateway.port}.*DATABUS_GATEWAY__PORT"):
            start(settings, folder)
    assert stack.status(settings) == []


def test_two_that_are_set_to_one_port_are_named_before_anything_starts(settings: Settings, folder: Path) -> None:
    same = settings.model_copy(update={"intake": settings.intake.model_copy(update={"port": settings.gateway.port})})
    with pytest.raises(errors.PortTaken, match=r"DATABUS_INTAKE__PORT.*DATABUS_GATEWAY__PORT"):
        start(same, folder)
    assert stack.status(same) == []


def test_down_leaves_a_stranger_alone_that_got_an_old_pid(settings: Settings) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    settings.home.mkdir()
    old = runfile.Entry("checker", "", stranger.pid, runfile.created(stranger.pid) - 100.0, "ready")
    runfile.write(settings.home, runfile.Run("ready", runfile.Entry("supervisor", "", 0), (old,)))
    assert stack.down(settings) == ()
    assert by_name(settings)["checker"].state == "gone"
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_killed_supervisor_takes_its_children_with_it_and_the_next_start_works(settings: Settings, folder: Path) -> None:
    start(settings, folder, detach=True)
    found = by_name(settings)
    os.kill(found["supervisor"].pid, signal.SIGKILL)
    eventually(lambda: not any(entry.pid for entry in stack.status(settings)))
    assert by_name(settings)["supervisor"].state == "gone"
    start(settings, folder).stop()


FOREGROUND = """
import pathlib
from rich.console import Console
from databus.local import stack
from databus.settings import Settings
with stack.up(Settings(), departments=(), console=Console(stderr=True), service_folder=pathlib.Path({folder!r})) as running:
    print("serving", flush=True)
    running.wait()
"""


def foreground(settings: Settings, folder: Path) -> subprocess.Popen[str]:
    """Another process that has just begun to serve."""
    script = folder / "foreground.py"
    script.write_text(FOREGROUND.format(folder=str(folder)))
    environment = {**inherited(), **variables(settings), "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, script], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "serving\n"
    process.stdout.close()
    return process


def test_a_stack_in_the_foreground_does_not_outlive_its_terminal(settings: Settings, folder: Path) -> None:
    parent = foreground(settings, folder)
    pids = [entry.pid for entry in stack.status(settings) if entry.pid]
    parent.kill()
    parent.wait()
    eventually(lambda: not any(psutil.pid_exists(pid) for pid in pids))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_twice_stops_everything_once_and_is_a_clean_end(settings: Settings, folder: Path, number: signal.Signals) -> None:
    parent = foreground(settings, folder)
    time.sleep(0.3)
    parent.send_signal(number)
    parent.send_signal(number)
    assert parent.wait(30) == 0
    assert not [entry for entry in stack.status(settings) if entry.pid]
    assert (settings.home / "logs" / "supervisor.log").read_text().count("asked to stop") == 1


def test_erase_removes_data_and_keys(settings: Settings, folder: Path) -> None:
    start(settings, folder).stop()
    stack.erase(settings)
    assert not {"keys", "logs", "kafka", "postgres"} & {path.name for path in settings.home.iterdir()}


@pytest.mark.live
def test_a_killed_broker_comes_back_under_its_services(tmp_path: Path, folder: Path) -> None:
    settings = local_settings(tmp_path / "embedded")
    with start(settings, folder):
        before = by_name(settings)
        os.kill(before["kafka"].pid, signal.SIGKILL)
        eventually(lambda: (now := by_name(settings)["kafka"]).state == "ready" and now.restarts == 1, 60.0)
        after = by_name(settings)
        assert {after[name].pid for name in services.NAMES} == {before[name].pid for name in services.NAMES}
    assert by_name(settings)["kafka"].state == "stopped"


def test_as_many_workers_as_were_asked_for_each_with_a_slot_and_a_port_of_its_own(settings: Settings, folder: Path) -> None:
    asked = {
        "checker": settings.checker.model_copy(update={"replicas": 2}),
        "profiler": settings.profiler.model_copy(update={"replicas": 0}),
    }
    settings = settings.model_copy(update=asked)
    say = "\nimport sys; print('slot', os.environ['DATABUS_CHECKER__SLOT'], flush=True)"
    (folder / "checker" / "main.py").write_text(SERVICE.format(name="CHECKER").replace("class", f"{say}\nclass", 1))
    with start(settings, folder):
        found = by_name(settings)
        assert {name for name in found if found[name].state == "ready"} == {
            "supervisor",
            "intake",
            "checker",
            "checker-1",
            "projector",
            "gateway",
        }
        assert found["checker-1"].address.endswith(f":{settings.checker.port + services.APART}")
    told = [(settings.home / "logs" / f"{name}.log").read_text() for name in ("checker", "checker-1")]
    assert ["slot 0" in told[0], "slot 1" in told[1]] == [True, True]
