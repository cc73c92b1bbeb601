"""`databus publish suggest` as it is typed: it asks where somebody is there to answer, and never writes over answers."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from databus.cli.app import run
from databus.contract import catalogue
from databus.department import mapping
from department.conftest import SCHEMAS

ARCHIVE = str(SCHEMAS / "LP_REGISTRATION" / "samples" / "historical.csv")


@pytest.fixture
def penalties(tmp_path: Path) -> str:
    path = tmp_path / "a.csv"
    path.write_text("决定书文号,罚款金额,序号\n吉罚〔2026〕1号,0.2,1\n", "utf-8")
    return str(path)


def test_nobody_there_leaves_the_questions_in_the_mapping(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["publish", "suggest", ARCHIVE, "--type", "LP_REGISTRATION", "--no-ask"]) == 0
    told = capsys.readouterr()
    assert "questions:" in told.out and "8 of 9 columns are settled; asks about 所在省份" in told.err


def test_somebody_there_is_asked_until_each_answer_can_be_meant(
    tmp_path: Path, penalties: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("9\n2\n-\n"))
    into = tmp_path / "m.yaml"
    asked = ["publish", "suggest", penalties, "--type", "ADMIN_PENALTY", "--department", "emergency", "--into", str(into), "--ask"]
    assert run(asked) == 0
    assert "has no field 9" in capsys.readouterr().err
    chosen = mapping.load(into, catalogue.load(SCHEMAS))
    assert chosen.columns == {"决定书文号", "罚款金额"} and chosen.entry.department == "emergency"
    assert run(asked) == 1, "answers are never written over"


def test_machines_get_a_document(penalties: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["publish", "suggest", penalties, "--type", "ADMIN_PENALTY", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["field"] for one in told["columns"]] == ["doc_no", None, None]
    assert "unit" in told["columns"][1]["asks"] and told["mapping"].startswith("type: ADMIN_PENALTY")
