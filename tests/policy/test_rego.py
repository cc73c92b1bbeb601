"""The policies as OPA's own tools judge them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from policy_engine import POLICIES, program

pytestmark = pytest.mark.live


def opa(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program()), *arguments], capture_output=True, text=True, check=False, timeout=120)


def test_every_rule_is_tested() -> None:
    run = opa("test", "--bundle", str(POLICIES), "--coverage", "--threshold", "100", "--fail-on-empty")
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr


def test_they_are_formatted_and_strict() -> None:
    assert opa("fmt", "--list", "--fail", str(POLICIES)).returncode == 0
    checked = opa("check", "--strict", "--schema", str(POLICIES / "schemas"), str(POLICIES))
    assert checked.returncode == 0, checked.stderr


def test_a_misspelt_input_is_caught_by_the_schema(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(POLICIES, tmp_path / "policies"))
    file = copy / "databus" / "requester" / "requester.rego"
    file.write_text(file.read_text("utf-8").replace("input.caller.organisation", "input.caller.organization"), "utf-8")
    assert opa("check", "--strict", "--schema", str(copy / "schemas"), str(copy)).returncode != 0


def test_packages_lie_where_their_names_say() -> None:
    for path in POLICIES.rglob("*.rego"):
        package = next(line for line in path.read_text("utf-8").splitlines() if line.startswith("package "))
        folder = path.parent.relative_to(POLICIES).as_posix().replace("/", ".")
        assert package == f"package {folder}" + ("_test" if path.name.endswith("_test.rego") else ""), path


def test_every_public_rule_says_what_it_is() -> None:
    inspected = json.loads(opa("inspect", "--annotations", "--format", "json", str(POLICIES)).stdout)
    described = {".".join(part["value"] for part in note["path"]) for note in inspected["annotations"]}
    for name in ("release.decisions", "field.verdict", "requester.owns", "requester.column", "requester.shortfall", "requester.carries"):
        assert f"data.databus.{name}" in described
    assert "data.system.authz.allow" in described
