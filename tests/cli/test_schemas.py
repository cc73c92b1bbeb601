"""`databus schemas`: lists, shows, and says everything that speaks against a release, in words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from databus.cli.app import run
from databus.settings import CHECKOUT

SCHEMAS = CHECKOUT / "schemas"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SCHEMAS, tmp_path / "schemas")
    return tmp_path / "schemas"


def edited(folder: Path, file: str, change: Callable[[Any], object]) -> None:
    path = folder / file
    raw = yaml.safe_load(path.read_text("utf-8"))
    change(raw)
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")


def new_version(folder: Path, record_type: str, change: Callable[[list[dict[str, Any]]], object]) -> None:
    raw = json.loads((folder / record_type / "v1.avsc").read_text("utf-8"))
    change(raw["fields"][1]["type"]["fields"])
    (folder / record_type / "v2.avsc").write_text(json.dumps(raw, ensure_ascii=False), "utf-8")


def checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, str]]]:
    code = run(["schemas", "check", "--folder", str(folder), "--json"])
    return code, json.loads(capsys.readouterr().out)["objections"]


def test_nothing_speaks_against_the_shipped_contracts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schemas", "check"]) == 0
    assert "Nothing speaks against" in capsys.readouterr().out
    assert checked(SCHEMAS, capsys) == (0, [])


def test_every_breach_of_a_new_version_is_named_with_its_fix(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(fields: list[dict[str, Any]]) -> None:
        by = {field["name"]: field for field in fields}
        by["remark"]["class"] = "PUBLIC"
        by["doc_no"]["type"] = ["null", "long"]
        fields.append({"name": "colour", "type": ["null", "string"], "default": None, "zh": "颜色", "en": "colour"})

    new_version(folder, "ADMIN_PENALTY", change)
    code, found = checked(folder, capsys)
    assert code == 1 and {one["file"] for one in found} == {"ADMIN_PENALTY/v2.avsc"}
    told = {one["path"]: one["reason"] for one in found}
    assert told["payload.remark"] == "class was lowered from GOV_SHARED to PUBLIC"
    assert told["payload.doc_no"] == "its type changed"
    assert told["payload.colour"] == "the field has no label class, commercial, privacy"
    assert all(one["fix"] for one in found)


def test_a_new_version_that_only_adds_may_stand(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = {"zh": "颜色", "en": "colour", "class": "PUBLIC", "commercial": "NONE", "privacy": "NONE"}
    new_version(
        folder, "ADMIN_PENALTY", lambda fields: fields.append({"name": "colour", "type": ["null", "string"], "default": None, **labels})
    )
    assert checked(folder, capsys) == (0, [])
    assert run(["schemas", "ADMIN_PENALTY", "--folder", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["version"] == 2 and told["fields"][-1]["field"] == "colour"


def test_every_broken_invariant_is_named_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(folder, "ADMIN_LICENCE/type.yaml", lambda raw: raw["catalogue"][0].update(share_type=3))
    edited(folder, "ADMIN_PENALTY/type.yaml", lambda raw: raw["catalogue"][0].update(secrecy="JIMI"))
    edited(folder, "ADMIN_PENALTY/type.yaml", lambda raw: raw["catalogue"][1].update(publication="GOV_SHARED"))
    edited(folder, "ABNORMAL_OPERATION/type.yaml", lambda raw: raw["catalogue"][0].update(legal_basis=""))
    edited(folder, "datasets/penalties.yaml", lambda raw: raw["columns"].append("remark"))
    edited(folder, "LP_REGISTRATION/type.yaml", lambda raw: raw["catalogue"][1].update(authority_rank=1))
    code, found = checked(folder, capsys)
    numbers = {str(number) for number in (1, 2, 3, 4, 5, 7)}
    assert code == 1 and {word[0] for one in found for word in one["reason"].split("(invariant ")[1:]} == numbers
    assert all(one["file"] and one["path"] and one["fix"] for one in found)


def test_a_file_that_cannot_be_read_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "ADMIN_LICENCE" / "v1.avsc").write_text("{", "utf-8")
    code, found = checked(folder, capsys)
    assert code == 1 and found[0]["file"] == "ADMIN_LICENCE/v1.avsc"


def test_a_list_and_one_type_for_people_and_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schemas"]) == 0
    listed = capsys.readouterr().out
    assert "行政处罚" in listed and "Administrative penalty" in listed
    assert run(["schemas", "ABNORMAL_OPERATION"]) == 0
    shown = capsys.readouterr().out
    assert "entry_reason" in shown and "企业信息公示暂行条例" in shown and "required" in shown
    assert run(["schemas", "--json"]) == 0
    rows = {row["type"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["LP_REGISTRATION"]["class"] == "PUBLIC" and rows["ABNORMAL_OPERATION"]["owners"] == ["market-regulation"]
    assert run(["schemas", "NO_SUCH"]) == 1
