"""Arrows point down and no stage knows another; and the tool that says so would notice if they did not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from architecture.tree import SRC
from databus.settings import CHECKOUT

STAGES = ("department", "quality", "profile", "policy", "gateway")
BROKEN = {
    "a stage imports another": ("gateway/routes.py", "from databus.policy import opa"),
    "a stage reads settings": ("quality/checker.py", "from databus.settings import Settings"),
    "the store knows a stage": ("store/permits.py", "from databus.profile import steps"),
    "the model needs a library": ("model/keys.py", "import fastavro"),
    "a stage reaches under the bus": ("profile/profiler.py", "import aiokafka"),
    "a module lies outside the layers": ("everything.py", ""),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over the package in `folder`, by the contracts of this checkout."""
    program = [str(Path(sys.executable).with_name("lint-imports")), "--config", str(CHECKOUT / "pyproject.toml"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_layers_are_kept() -> None:
    found = lint(SRC)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("how", BROKEN)
def test_breaking_them_is_noticed(how: str, tmp_path: Path) -> None:
    shutil.copytree(SRC / "databus", tmp_path / "databus", ignore=shutil.ignore_patterns("__pycache__"))
    place, line = BROKEN[how]
    with (tmp_path / "databus" / place).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    found = lint(tmp_path)
    assert found.returncode != 0 and Path(place).stem in found.stdout + found.stderr, found.stdout


def test_every_stage_is_told_apart_from_the_others() -> None:
    graph = grimp.build_graph("databus", cache_dir=None)
    for stage in STAGES:
        others = {f"databus.{other}" for other in STAGES} - {f"databus.{stage}"}
        assert not {other for other in others if graph.chain_exists(f"databus.{stage}", other, as_packages=True)}, stage


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("databus", cache_dir=None)
    arrows = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))
