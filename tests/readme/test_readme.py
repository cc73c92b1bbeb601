"""The README as a newcomer follows it: a copy of the checkout, its commands in their order, nothing else."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

CHECKOUT = Path(__file__).parents[2]
START_SECONDS = 600.0
READY = "until Ctrl-C"


def blocks(text: str) -> list[str]:
    """The shell blocks of the README."""
    return re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def environment() -> dict[str, str]:
    """What a newcomer's shell has: nothing of ours, nor what the `make` that runs the tests was told."""
    ours = ("DATABUS_", "VIRTUAL_ENV", "PYTHONPATH", "MAKE", "MFLAGS", "ARGS")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files as they are now, in an empty folder: no .venv, no .databus."""
    folder = tmp_path_factory.mktemp("clone") / "databus"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, check=True, capture_output=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (CHECKOUT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((CHECKOUT / name).read_bytes())
            (folder / name).chmod((CHECKOUT / name).stat().st_mode)
    return folder


@pytest.fixture(scope="module")
def serving(clone: Path) -> Iterator[Path]:
    """Terminal one: `make run`, left serving; its output lies in run.log. Ctrl-C ends it cleanly."""
    log = clone.parent / "run.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["make", "run"], cwd=clone, env=environment(), stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    until = time.monotonic() + START_SECONDS
    try:
        while READY not in log.read_text("utf-8", "replace"):
            assert process.poll() is None and time.monotonic() < until, log.read_text("utf-8", "replace")[-4000:]
            time.sleep(0.5)
        yield log
    finally:
        os.killpg(process.pid, signal.SIGINT)
        code = process.wait(60)
    # make itself ends by the signal; what it ran has ended before it, all of it.
    assert code in (0, -signal.SIGINT), log.read_text("utf-8", "replace")[-2000:]
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(clone) in " ".join(one.info["cmdline"] or ())]


@pytest.mark.live
def test_every_command_of_the_readme_does_what_it_says(clone: Path, serving: Path) -> None:
    commands = [block for block in blocks((CHECKOUT / "README.md").read_text("utf-8")) if not block.startswith("make ")]
    script = "set -e\n" + "\n".join(commands)
    done = subprocess.run(["bash"], input=script, cwd=clone, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    said = done.stdout
    assert "2,500\n" in said
    assert "DQ-ACC-01" in said
    assert re.search(r"DQ-ACC-01 .*91220000YYYY00012B.* FIXED ", said), "what was corrected in the result file closes its finding"
    assert "Who would see what" in said and "agency_with_consent  " in said and "Nothing has been sent." in said
    assert (
        '"agency_with_consent"' in said
        and '"accepted":1' in said
        and "someday" in said
        and "Proved" in said
        and "proves nothing" in done.stderr
    )
    assert '"withheld"' in said or "withheld" in said
    assert "unaccounted 0" in said
    assert re.search(r"^in\.emergency \d \d+$", said, flags=re.MULTILINE)
    assert "Taken(submission_id=" in said and "WAITING\n" in said and "ACCEPTED\n" in said


@pytest.mark.live
def test_the_start_tells_the_walk_and_a_ready_line_per_user(serving: Path) -> None:
    said = serving.read_text("utf-8", "replace")
    for stage in ("1  department", "2  bus", "3  quality", "4  profile", "5  policy", "6  gateway"):
        assert stage in said
    for user in ("department engineer", "credit agency", "open data", "security officer"):
        assert user in said
    assert "unaccounted 0" in said
    assert "export PATH=" in said


@pytest.mark.live
def test_the_ready_lines_work_as_they_are_printed(clone: Path, serving: Path) -> None:
    said = serving.read_text("utf-8", "replace")
    path = f"{clone}/.venv/bin:{os.environ['PATH']}"

    def run(line: str) -> str:
        done = subprocess.run(
            ["bash", "-c", line], cwd=clone, env={**environment(), "PATH": path}, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, (line, done.stdout[-1000:], done.stderr[-1000:])
        return done.stdout

    ready = dict(re.findall(r"^  (department engineer|credit agency|open data|security officer)\s+(\S.*)$", said, flags=re.MULTILINE))
    assert "accepted" in run(ready["department engineer"])
    assert '"sections"' in run(ready["credit agency"])
    assert "</html>" in run(f"curl -sf {ready['open data']}")
    export = re.search(r"^\s+(curl \S+ \S+/exports/csv)$", said, flags=re.MULTILINE)
    assert export and run(export[1]).startswith("record,")
    # The projector follows within moments; the very curl above must be found.
    for _ in range(50):
        if "profile.read" in (found := run(ready["security officer"])):
            break
        time.sleep(0.2)
    assert "agency-north" in found
