"""CSV as it comes: whatever is in it, one row at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.department.files.lines import LINE_LIMIT
from databus.department.files.opening import opened
from databus.errors import DatabusError, Malformed, NotFound
from department.conftest import rows_in


def write(folder: Path, content: bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def problems(path: Path) -> list[bool]:
    return [bool(row.problem) for row in rows_in(path)]


def test_rows_are_numbered_from_the_first_row_of_data(tmp_path: Path) -> None:
    path = write(tmp_path, '\ufeffcode,name\r\n1,甲\r\n\r\n2,"乙,\n丙"\r\n'.encode())
    assert [(row.number, row.cells) for row in rows_in(path)] == [(1, {"code": "1", "name": "甲"}), (2, {"code": "2", "name": "乙,\n丙"})]


@pytest.mark.parametrize("between", [b";", b"\t"])
def test_another_delimiter_is_told_from_the_header(tmp_path: Path, between: bytes) -> None:
    assert rows_in(write(tmp_path, between.join((b"a", b"b\n1,5")) + between + b"2\n"))[0].cells == {"a": "1,5", "b": "2"}


def test_a_row_with_other_cells_than_the_header_is_a_problem_that_keeps_its_cells(tmp_path: Path) -> None:
    rows = rows_in(write(tmp_path, b"a,b\n1\n1,2,3\n1,2\n"))
    assert [(bool(row.problem), row.cells, row.surplus) for row in rows] == [
        (True, {"a": "1"}, ()),
        (True, {"a": "1", "b": "2"}, ("3",)),
        (False, {"a": "1", "b": "2"}, ()),
    ]


def test_what_a_spreadsheet_saves_around_its_data_says_nothing(tmp_path: Path) -> None:
    rows = rows_in(write(tmp_path, b"a,b,,\n1,2,,\n,,,\n3,,,\n4,5\n6,7,,8\n"))
    assert [(row.number, bool(row.problem), row.cells, row.surplus) for row in rows] == [
        (1, False, {"a": "1", "b": "2"}, ()),
        (3, False, {"a": "3", "b": ""}, ()),
        (4, False, {"a": "4", "b": "5"}, ()),
        (5, True, {"a": "6", "b": "7"}, ("", "8")),
    ]


@pytest.mark.parametrize("between", [",", ";"])
def test_a_header_below_titles_is_the_row_that_is_told(tmp_path: Path, between: str) -> None:
    path = write(tmp_path, f"公示表{between}\n\n填报单位：甲{between}日期：\0\na{between}b\n1{between}2\n".encode())
    assert [(row.number, row.problem, row.cells) for row in rows_in(path, header=4)] == [(1, "", {"a": "1", "b": "2"})]
    for beyond in (6, 10**12):
        with pytest.raises(Malformed, match=f"row {beyond}"):
            rows_in(path, header=beyond)


def test_what_was_saved_as_another_kind_says_which(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="LF or CRLF"):
        rows_in(write(tmp_path, b"a,b\r1,2\r"))
    with pytest.raises(Malformed, match=r"\.xlsx"):
        rows_in(write(tmp_path, b"PK\x03\x04" + bytes(40)))


def test_a_line_beyond_the_limit_is_one_problem_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b\n" + b"x" * (3 * LINE_LIMIT) + b",1\n1,2\n" + b'"' + b"\n" * (LINE_LIMIT + 9) + b'",2\n')
    rows = rows_in(path)
    assert [bool(row.problem) for row in rows[:3]] == [True, False, True]
    assert f"{LINE_LIMIT:,}" in rows[0].problem and "line 2" in rows[0].problem
    assert "quote" in rows[2].problem


def test_a_row_of_many_lines_is_bounded_too(tmp_path: Path) -> None:
    many = b'"' + b'x\n","' * (LINE_LIMIT // 4) + b'"\n'
    rows = rows_in(write(tmp_path, b"a,b\n" + many + b"1,2\n"))
    assert "quote" in rows[0].problem


@pytest.mark.parametrize("row", [b"\xff\xfe,1", b"\xed\xa0\x80,1", b"1,\x00", b'"1"x,2', b"=1+1,2", b"1,@SUM(A1)", b"+cmd|' /C calc'!A0,1"])
def test_what_no_row_may_hold_is_a_problem_of_that_row_alone(tmp_path: Path, row: bytes) -> None:
    good = "甲,乙\n".encode() * 20
    assert problems(write(tmp_path, b"a,b\n" + good + row + b"\n" + good)) == [*[False] * 20, True, *[False] * 20]


@pytest.mark.parametrize("cell", ["-1.50", "+8.5%", "-", "——", "@某网店", "-1层", "+86 431 1234"])
def test_a_sign_before_what_is_no_formula_is_a_value(tmp_path: Path, cell: str) -> None:
    assert problems(write(tmp_path, f"a,b\n{cell},2\n".encode())) == [False]


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\n",
        b"a,a\n1,2\n",
        b"a,,b\n1,2,3\n",
        b",,\n1,2,3\n",
        b"=1,b\n",
        b'"a\n',
        b"x" * (LINE_LIMIT + 1),
        b"a\x00,b\n",
        b"\xff\xfea\x00",
    ],
)
def test_a_file_without_a_header_is_refused_as_a_whole(tmp_path: Path, header: bytes) -> None:
    with pytest.raises(Malformed, match=r"a\.csv"):
        rows_in(write(tmp_path, header))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(Malformed, match="cannot be read"):
        rows_in(tmp_path / "a.csv")
    with pytest.raises(NotFound, match=r"missing\.csv"):
        rows_in(tmp_path / "missing.csv")
    with pytest.raises(Malformed, match=r"\.ndjson"):
        rows_in(write(tmp_path, b"", "a.xls"))


def test_it_is_told_how_far_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b\n" + b"1,2\n" * 100_000)
    with opened(path) as table:
        assert table.columns == ("a", "b")
        begun = table.done()
        for _ in table.rows:
            pass
        assert begun < table.done() == table.size == path.stat().st_size


@given(content=st.binary(max_size=300), ending=st.sampled_from(["csv", "ndjson", "xlsx"]), encoding=st.sampled_from(["", "utf-8", "gbk"]))
def test_no_bytes_make_it_crash(tmp_path_factory: pytest.TempPathFactory, content: bytes, ending: str, encoding: str) -> None:
    path = write(tmp_path_factory.mktemp("f"), content, f"a.{ending}")
    try:
        rows = rows_in(path, encoding=encoding)
    except DatabusError as error:
        assert error.detail
    else:
        assert all(row.problem or row.cells for row in rows)
