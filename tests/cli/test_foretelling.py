"""`databus publish FILE --dry-run` where nothing runs: the checks are told, and what cannot be told is named."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from databus.cli.app import run
from databus.local import keys
from databus.local.aside import free_ports
from databus.settings import CHECKOUT

SHIPPED = CHECKOUT / "schemas" / "ADMIN_PENALTY" / "samples" / "penalties.csv"
VERB = ("--department", "emergency", "--type", "ADMIN_PENALTY", "--dry-run")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shipped file with a wrong code in its second row, in a checkout where nothing runs."""
    keys.ensure(tmp_path / "home", ("emergency",))
    opa, postgres = free_ports(2)
    told = {"HOME": str(tmp_path / "home"), "OPA__PORT": str(opa), "POSTGRES__PORT": str(postgres)}
    for name, value in told.items():
        monkeypatch.setenv(f"DATABUS_{name}", value)
    with SHIPPED.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    rows[1]["uscc"] = "91220000YYYY00012B"
    path = tmp_path / "penalties.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_one_document_tells_of_every_row_and_of_what_nobody_could_tell(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["publish", str(file), *VERB, "--json"])
    said = json.loads(capsys.readouterr().out)
    assert code == 1 and said["dry_run"] is True
    assert [(one["row"], one["outcome"]) for one in said["results"]][:3] == [(1, "ACCEPTED"), (2, "REJECTED"), (3, "ACCEPTED")]
    assert "DQ-ACC-01" in [one["rule"] for one in said["results"][1]["findings"]]
    assert set(said["untold"]) == {"store-unavailable", "policy-unavailable"}
    assert {one["readers"] for one in said["results"] if one["outcome"] == "ACCEPTED"} == {None}
    assert said["summary"]["outcomes"]["REJECTED"] == 1 and said["summary"]["records"]
    with Path(said["result"]).open(encoding="utf-8-sig", newline="") as lines:
        assert [row["databus.outcome"] for row in csv.DictReader(lines)][:2] == ["CHECKED", "REJECTED"]


def test_people_get_tables_and_are_told_what_to_start(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["publish", str(file), *VERB, "--row", "2", "--row", "3"]) == 1
    said = capsys.readouterr()
    assert "Row 2: rejected" in said.out and "Row 3: accepted" in said.out and "Row 1:" not in said.out
    assert "How fields are classed" in said.out and "Nothing has been sent." in said.out
    assert "Who would see what" not in said.out and "databus up" in said.err


def test_a_row_that_is_not_there_is_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["publish", str(file), *VERB, "--row", "999", "--json"]) == 1
    assert json.loads(capsys.readouterr().err)["rows"] == [999]


def test_a_title_above_the_header_is_asked_for_and_passed_over(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(f"行政处罚信息公示表,,\n{file.read_text('utf-8')}", "utf-8")
    assert run(["publish", str(file), *VERB, "--json"]) == 2
    refused = json.loads(capsys.readouterr().err)
    assert "--header" in refused["detail"] and refused["column"] == "行政处罚信息公示表"
    assert run(["publish", str(file), *VERB, "--header", "2", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [(one["row"], one["outcome"]) for one in said["results"]][:3] == [(1, "ACCEPTED"), (2, "REJECTED"), (3, "ACCEPTED")]
