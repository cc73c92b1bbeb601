"""Quix Streams in an environment of its own: it asks for older pydantic and confluent-kafka than this project."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from databus.cli.output import aside

LOCK = Path(__file__).with_name("quix.lock")


def interpreter(cache: Path) -> str | None:
    """The Python that has it, installed the first time; None where the registry does not give it."""
    folder = cache / f"quix-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return str(python)
    aside().print("Installing Quix Streams beside the project: 60 MB to download, 130 MB on disk, once.")
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)]
    for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], pip):
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            aside().print(f"It could not be installed: {done.stderr.decode('utf-8', 'replace').strip()[-300:]}")
            return None
    (folder / "complete").touch()
    return str(python)
