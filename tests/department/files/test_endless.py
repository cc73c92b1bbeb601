"""A line of a gigabyte is refused as one row, in little memory and bounded processor time; the rows around it are read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from databus.department.files.lines import TOO_LONG

GIGABYTE = 1 << 30
MEMORY, SECONDS = 128 << 20, 60
"""A process that reads short rows takes 40 MiB; a line of 1 MiB is held a few times over while it is decoded."""
SCRIPT = Path(__file__).with_name("endless.py")
HEADS = {".csv": "a,b\n1,2\n", ".ndjson": '{"a": 1}\n'}
TAILS = {".csv": "3,4\n", ".ndjson": '{"a": 2}\n'}


def read(path: Path, text: str = "") -> dict[str, Any]:
    """What a process of its own made of a file; more processor time than allowed ends it."""
    limited = ["bash", "-c", f'ulimit -t {SECONDS}; exec "$@"', "-", sys.executable, str(SCRIPT), str(path), text]
    done = subprocess.run(limited, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("ending", HEADS)
def test_a_gigabyte_of_nothing(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"sparse{ending}"
    path.write_text(HEADS[ending])
    # A hole takes no room on the disk.
    os.truncate(path, GIGABYTE)
    with path.open("ab") as file:
        file.write(b"\n" + TAILS[ending].encode())
    assert path.stat().st_blocks * 512 < 1 << 20
    _refuses_one_row_and_reads_the_others(read(path))


@pytest.mark.parametrize("text", ['"value",', "统一社会信用代码"])
@pytest.mark.parametrize("ending", HEADS)
def test_a_gigabyte_of_text(tmp_path: Path, ending: str, text: str) -> None:
    path = tmp_path / f"text{ending}"
    path.write_text(HEADS[ending] + "\n" + TAILS[ending])
    _refuses_one_row_and_reads_the_others(read(path, text))


def test_a_header_of_a_gigabyte_is_refused_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "header.csv"
    path.write_bytes(b"")
    os.truncate(path, GIGABYTE)
    told = read(path)
    assert "header" in told["told"] and told["memory"] < MEMORY, told


def _refuses_one_row_and_reads_the_others(told: dict[str, Any]) -> None:
    first, long, last = told["told"]
    assert (first[1], last[1]) == ("", "") and long[1].startswith(TOO_LONG), told
    assert told["memory"] < MEMORY, told
