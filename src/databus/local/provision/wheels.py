"""Java and Go as wheels, for machines that have none: installed on demand, with hashes, into the cache."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from databus.local.provision import steps
from databus.local.provision.cache import build_once

LOCK = Path(__file__).parents[1] / "engines.lock"


def install(cache: Path, package: str, *, engine: steps.Engine, env: Mapping[str, str], console: Console) -> Path:
    """Folder with the package installed; its version and hashes are those of `engines.lock`."""
    pinned = requirement(package)
    version = pinned.split(";")[0].split("==")[1].split()[0]

    def build(folder: Path) -> None:
        lock = folder / "wheel.lock"
        lock.write_text(pinned)
        argv = (
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--target",
            str(folder),
            "-r",
            str(lock),
        )
        steps.run(argv, title=f"Installing {package} {version}", engine=engine, folder=folder, result=folder, env=env, console=console)

    return build_once(cache, f"{package}-{version}", build)


def requirement(package: str) -> str:
    """The pinned requirement of one package with all its hashes, cut out of the lock."""
    lines, taking = [], False
    for line in LOCK.read_text("ascii").splitlines():
        if not line.startswith((" ", "#")):
            taking = line.startswith(f"{package}==")
        if taking and not line.lstrip().startswith("#"):
            lines.append(line)
    return "\n".join(lines) + "\n"
