"""Files as they come: whatever is in them, one row at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.department import files
from databus.errors import DatabusError, Malformed, NotFound


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_csv_rows_are_numbered_from_the_first_row_of_data(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", '\ufeffcode,name\r\n1,甲\r\n\r\n2,"乙,丙"\r\n'.encode())
    assert [(row.number, row.cells) for row in files.rows_of(path)] == [
        (1, {"code": "1", "name": "甲"}),
        (2, {"code": "2", "name": "乙,丙"}),
    ]


def test_a_row_with_other_cells_than_the_header_is_a_problem_and_the_next_one_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", b"a,b\n1\n1,2,3\n1,2\n")
    assert [bool(row.problem) for row in files.rows_of(path)] == [True, True, False]


def test_a_line_beyond_the_limit_is_one_problem_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", b"a,b\n" + b"x" * (3 * files.LINE_LIMIT) + b",1\n1,2\n")
    rows = list(files.rows_of(path))
    assert [bool(row.problem) for row in rows] == [True, False]
    assert str(files.LINE_LIMIT) in rows[0].problem


def test_ndjson_keeps_numbers_as_they_are_written(tmp_path: Path) -> None:
    line = json.dumps({"envelope": {"op": "CORRECT"}, "payload": {"fine": 0.20, "kinds": ["FINE", "WARNING"], "final": True, "none": None}})
    row = next(files.rows_of(write(tmp_path, "a.ndjson", line.encode())))
    assert row.cells == {"envelope.op": "CORRECT", "fine": "0.2", "kinds": "FINE;WARNING", "final": "true", "none": ""}


def test_numbers_beyond_64_bits_keep_their_digits(tmp_path: Path) -> None:
    row = next(files.rows_of(write(tmp_path, "a.jsonl", b'{"n": 123456789012345678901234567890.10}')))
    assert row.cells == {"n": "123456789012345678901234567890.10"}


@pytest.mark.parametrize("line", [b"[1]", b"{", b'{"a":' + b"[" * 100_000, b'"x"'])
def test_a_line_that_is_no_object_is_a_problem(tmp_path: Path, line: bytes) -> None:
    assert [bool(row.problem) for row in files.rows_of(write(tmp_path, "a.ndjson", line + b'\n{"a": 1}\n'))] == [True, False]


@pytest.mark.parametrize("line", [b'{"a": "\\ud83d"}', b'{"\\uDC00": 1}'])
def test_half_a_character_is_a_problem_and_a_whole_one_is_not(tmp_path: Path, line: bytes) -> None:
    path = write(tmp_path, "a.ndjson", line + b'\n{"a": "\\ud83d\\ude00"}\n')
    assert [(bool(row.problem), row.cells) for row in files.rows_of(path)] == [(True, {}), (False, {"a": "\U0001f600"})]


def test_a_member_that_only_later_lines_have_is_a_column(tmp_path: Path) -> None:
    assert files.columns_of(write(tmp_path, "a.ndjson", b'{"a": 1}\n{"a": 1, "b": 2}\n')) == {"a", "b"}
    assert files.columns_of(write(tmp_path, "a.csv", b"a,b\n1\n1,2\n")) == {"a", "b"}


@pytest.mark.parametrize("content", [b"a,b\n", b"\n"])
def test_a_file_without_rows_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Malformed):
        files.columns_of(write(tmp_path, "a.csv", content))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(Malformed, match="cannot be read"):
        list(files.rows_of(tmp_path / "a.csv"))


@pytest.mark.parametrize(("name", "content"), [("a.csv", b"\xff\xfe\x00"), ("a.csv", b"a,a\n1,2\n"), ("a.xls", b""), ("a.csv", b"")])
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(Malformed):
        list(files.rows_of(write(tmp_path, name, content)))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"missing\.csv"):
        list(files.rows_of(tmp_path / "missing.csv"))


@given(content=st.binary(max_size=300), ending=st.sampled_from(["csv", "ndjson"]))
def test_no_bytes_make_it_crash(tmp_path_factory: pytest.TempPathFactory, content: bytes, ending: str) -> None:
    path = write(tmp_path_factory.mktemp("f"), f"a.{ending}", content)
    try:
        rows = list(files.rows_of(path))
    except DatabusError as error:
        assert error.detail
    else:
        assert all(row.problem or row.cells for row in rows)
