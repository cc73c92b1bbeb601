"""The checkout as a tree: its Python files, parsed, its modules, and what git tracks."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

from databus.settings import CHECKOUT

SRC, SERVICES = CHECKOUT / "src", CHECKOUT / "services"


@cache
def python_files() -> tuple[Path, ...]:
    """Every Python file that runs in production, and the shipped fakes."""
    return tuple(sorted([*SRC.rglob("*.py"), *SERVICES.rglob("*.py")]))


@cache
def parsed(path: Path) -> ast.Module:
    """One file as a tree."""
    return ast.parse(path.read_text("utf-8"), str(path))


def module_of(path: Path) -> str:
    """`src/databus/bus/__init__.py` is `databus.bus`."""
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def shown(path: Path) -> str:
    """The path as a finding names it."""
    return str(path.relative_to(CHECKOUT))


def tracked() -> tuple[Path, ...]:
    """Files under version control that are there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := CHECKOUT / name).is_file())
