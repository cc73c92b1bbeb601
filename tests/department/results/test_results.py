"""Result files: what was published comes back with its verdict, and is published again as if nothing had been added."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databus.department.files.opening import CSV, NDJSON, XLSX, opened
from databus.department.files.row import Row
from databus.department.outcome import ACCEPTED, REFUSED, REJECTED, UNCHANGED, Remark, RowResult
from databus.department.publish import digest
from databus.department.results.tally import PAGE, Tally
from databus.department.results.writing import beside, writing
from department.conftest import rows_in

KINDS = pytest.mark.parametrize("kind", [CSV, XLSX, NDJSON])
CODE, OTHER = "0191e0a0-0000-8000-8000-000000000001", "0191e0a0-0000-8000-8000-000000000002"
REMARKS = (
    Remark("DQ-ACC-01", "uscc", "=1", "check character", "X", "R", CODE),
    Remark("DQ-COM-01", "name", "", "missing", "", "R", OTHER),
)


def written(folder: Path, kind: str, *results: RowResult) -> Path:
    path = folder / f"a.result{kind}"
    with writing(path, kind, None if kind == NDJSON else ("uscc", "name")) as write:
        for result in results:
            write(result)
    return path


def row(number: int, uscc: str, name: str) -> Row:
    return Row(number, {"uscc": uscc, "name": name}, raw=json.dumps({"uscc": uscc, "name": name}, ensure_ascii=False))


@KINDS
def test_a_row_comes_back_with_what_is_wrong_and_is_itself_again_when_read(tmp_path: Path, kind: str) -> None:
    first, second = row(1, "1", "甲\n乙"), row(2, "2", "丙")
    path = written(tmp_path, kind, RowResult(first, REJECTED, CODE, REMARKS), RowResult(second, ACCEPTED, OTHER))
    bad, good = rows_in(path)
    assert [one.cells for one in (bad, good)] == [first.cells, second.cells]
    assert {name: bad.marks[name] for name in ("row", "outcome", "rule", "field", "reason", "finding")} == {
        "row": "1",
        "outcome": "REJECTED",
        "rule": "DQ-ACC-01 | DQ-COM-01",
        "field": "uscc | name",
        "reason": "check character | missing",
        "finding": f"{CODE} {OTHER}",
    }
    assert (good.marks["outcome"], good.marks["digest"]) == ("ACCEPTED", digest(good))
    with opened(path) as table:
        assert table.columns in (("uscc", "name"), None)


@KINDS
def test_results_of_a_result_file_are_not_added_twice(tmp_path: Path, kind: str) -> None:
    once = rows_in(written(tmp_path, kind, RowResult(row(1, "1", "甲"), REJECTED, CODE, REMARKS)))[0]
    again = rows_in(written(tmp_path, kind, RowResult(once, ACCEPTED, OTHER)))[0]
    assert (again.cells, again.marks["outcome"], again.marks["finding"]) == (once.cells, "ACCEPTED", "")
    kept = rows_in(written(tmp_path, kind, RowResult(again, UNCHANGED)))[0]
    assert (kept.cells, kept.marks["outcome"], kept.marks["digest"], kept.marks["submission"]) == (
        once.cells,
        "ACCEPTED",
        digest(once),
        OTHER,
    )


TEXT = st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=8) | st.sampled_from(
    ["=1+1", "@SUM(A1)", "-1", "'=1", "''", "'", "\t=1", "+a|b", "＝1", "+0", "-", "+"]
)


@KINDS
@settings(max_examples=80)
@given(name=TEXT)
def test_any_cell_comes_back_as_it_was_and_no_spreadsheet_runs_it(tmp_path_factory: pytest.TempPathFactory, kind: str, name: str) -> None:
    path = written(tmp_path_factory.mktemp("r"), kind, RowResult(row(1, "x", name), ACCEPTED, CODE))
    assert rows_in(path)[0].cells == {"uscc": "x", "name": name}
    if kind == CSV:
        with path.open(encoding="utf-8-sig", newline="") as file:
            *_, last = list(csv.reader(file))[1]
        # A sign before a number is a number's.
        assert last[:1] not in set("=@\t\r") and (last[:1] not in ("+", "-") or last[1:].strip(".,0123456789%") == "")


def test_a_row_that_is_no_json_keeps_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, NDJSON, RowResult(Row(1, {}, "not JSON", raw='{"a": '), REFUSED, "", REMARKS[:1]))
    told = json.loads(path.read_text("utf-8"))["databus"]
    assert (told["line"], told["rule"]) == ('{"a": ', "DQ-ACC-01")


def test_numbers_of_json_stay_as_they_were_written(tmp_path: Path) -> None:
    raw = '{"n": 0.10000000000000000001, "m": 1e2}'
    first = RowResult(Row(1, {"n": "0.10000000000000000001", "m": "1e2"}, raw=raw), REJECTED, CODE, REMARKS)
    path = written(tmp_path, NDJSON, first)
    again = written(tmp_path, NDJSON, RowResult(rows_in(path)[0], ACCEPTED, CODE))
    assert again.read_text("utf-8").rstrip().endswith('"n": 0.10000000000000000001, "m": 1e2}')


def test_surplus_cells_come_back_to_be_removed(tmp_path: Path) -> None:
    told = RowResult(Row(1, {"uscc": "1", "name": "甲"}, "the row has 3 cells, the header 2", ("乙",)), REFUSED)
    found = rows_in(written(tmp_path, CSV, told))[0]
    assert found.problem and found.surplus == ("乙",)


def test_results_lie_beside_their_file_and_those_of_a_result_file_in_its_place(tmp_path: Path) -> None:
    assert beside(tmp_path / "a.csv", CSV) == beside(tmp_path / "a.result.csv", CSV) == tmp_path / "a.result.csv"
    assert beside(tmp_path / "a.jsonl", NDJSON) == tmp_path / "a.result.ndjson"


def test_what_lay_there_stays_until_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.result.csv"
    path.write_text("before")
    with pytest.raises(KeyError), writing(path, CSV, ("a",)):
        raise KeyError
    assert [one.name for one in tmp_path.iterdir()] == ["a.result.csv"] and path.read_text() == "before"


def test_a_tally_gives_back_what_it_was_given_in_order(tmp_path: Path) -> None:
    with Tally(tmp_path) as tally:
        for number in range(2 * PAGE + 3):
            tally.add(RowResult(row(number, "1", "甲"), ACCEPTED, str(number), REMARKS))
        pages = list(tally.pages())
    assert [len(page) for page in pages] == [PAGE, PAGE, 3]
    assert [one.row.number for page in pages for one in page] == list(range(2 * PAGE + 3))
    assert pages[0][0] == RowResult(row(0, "1", "甲"), ACCEPTED, "0", REMARKS)
    assert not list(tmp_path.iterdir())
