"""Small files with names that say something; nothing lies about unused; what is told belongs to no machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

from architecture.tree import SERVICES, SRC, module_of, parsed, python_files, shown, tracked
from databus.settings import CHECKOUT
from databus.store import frame

MEANINGLESS = {
    "utils",
    "util",
    "common",
    "manager",
    "managers",
    "handler",
    "handlers",
    "helper",
    "helpers",
    "misc",
    "base",
    "core",
    "stuff",
}
# Spelt in pieces, so that this file is not found by itself.
INDEXES = re.compile(
    "|".join(
        ("pypi", "pythonhosted", r"mirrors?\.", r"repo1\.maven", "goproxy", r"proxy\.golang", "artifactory", r"--(extra-)?index[-]url")
    )
)
MACHINES = re.compile("(?<![\\w.])/(" + "|".join(("work", "root", "home", "Users", "tmp/w")) + ")/\\w")


TOP = {
    *("README.md", "Makefile", "pyproject.toml", "requirements.lock", ".gitignore", ".ci"),
    *("schemas", "services", "policies", "src", "tests", "bench", "helm"),
}


def test_nothing_lies_beside_what_the_project_is_made_of() -> None:
    assert {path.relative_to(CHECKOUT).parts[0] for path in tracked()} <= TOP


def test_files_are_at_most_250_lines() -> None:
    long = {shown(path): count for path in python_files() if (count := len(path.read_text("utf-8").splitlines())) > 250}
    assert not long


def test_half_of_them_are_about_a_hundred_lines_or_less() -> None:
    counts = sorted(len(path.read_text("utf-8").splitlines()) for path in python_files())
    assert counts[len(counts) // 2] <= 110


def test_functions_are_short() -> None:
    functions = (
        node for path in python_files() for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    lengths = sorted((node.end_lineno or 0) - node.lineno + 1 for node in functions)
    assert lengths[len(lengths) * 9 // 10] <= 25


def test_a_service_is_its_main_of_at_most_15_lines() -> None:
    for folder in (path for path in SERVICES.iterdir() if path.is_dir() and path.name != "__pycache__"):
        assert [path.name for path in folder.iterdir() if path.name != "__pycache__"] == ["main.py"], folder.name
        assert len((folder / "main.py").read_text("utf-8").splitlines()) <= 15, folder.name


def test_no_module_is_named_after_nothing() -> None:
    named = {shown(path): {path.stem, path.parent.name} & MEANINGLESS for path in python_files()}
    assert not {path: names for path, names in named.items() if names}


def test_every_module_is_used() -> None:
    graph = grimp.build_graph("databus", cache_dir=None)
    scripts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    entries = {target.partition(":")[0] for target in scripts.values()}
    for path in (*SERVICES.glob("*/main.py"), *(CHECKOUT / "tests").rglob("*.py")):
        wanted = _imported(ast.parse(path.read_text("utf-8")))
        entries |= {name for name in wanted if SERVICES in path.parents or name.startswith("databus.testing")}
    unused = {
        module
        for module in (module_of(path) for path in python_files() if SRC in path.parents and not _runs(path))
        if module not in entries and not graph.find_children(module) and not graph.find_modules_that_directly_import(module)
    }
    assert not unused


def _runs(path: Path) -> bool:
    """True for what `python -m` is meant for."""
    return path.stem == "__main__" or '__name__ == "__main__"' in path.read_text("utf-8")


def _imported(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def test_every_migration_has_a_number_of_its_own() -> None:
    numbers = [migration.number for migration in frame.shipped()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_nothing_is_left_for_later_or_hidden() -> None:
    for path in python_files():
        text = path.read_text("utf-8")
        assert not re.search(r"\bTO[D]O\b|\bFIX[M]E\b|NotImplemented[E]rror|# type: ignore(?!\[)", text), shown(path)


@pytest.mark.parametrize("what", [INDEXES, MACHINES], ids=["indexes", "machines"])
def test_no_tracked_file_names(what: re.Pattern[str]) -> None:
    named = {}
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        named |= {f"{shown(path)}: {found[0]}": None for found in what.finditer(text) if path.name != "test_files.py"}
    assert not list(named)


WATCH = """
import importlib, pkgutil, sys
import databus

def ours():
    frame = sys._getframe(2)
    while frame and "site-packages" not in frame.f_code.co_filename:
        if frame.f_code.co_filename.startswith(databus.__path__[0]):
            return True
        frame = frame.f_back
    return False

def watch(event, arguments):
    touching = event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "os.mkdir", "os.remove", "os.putenv")
    writing = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if (touching or writing) and ours():
        raise SystemExit(f"{event} {arguments[0]}")

sys.dont_write_bytecode = True
sys.addaudithook(watch)
for module in pkgutil.walk_packages(databus.__path__, "databus."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


def test_importing_does_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", WATCH], cwd=SRC, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr[-2000:]
