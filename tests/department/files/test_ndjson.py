"""NDJSON as it comes: what a line says is kept to the digit, what cannot be meant is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.department.convert import value_of
from databus.department.files.lines import LINE_LIMIT
from databus.department.files.ndjson import json_row
from databus.department.files.row import STRUCTURE
from department.conftest import LISTED, rows_in


def rows(folder: Path, *lines: bytes) -> list[bool]:
    path = folder / "a.ndjson"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return [bool(row.problem) for row in rows_in(path)]


def test_parts_are_told_apart_and_numbers_kept_as_they_are_written() -> None:
    line = json.dumps({"envelope": {"op": "CORRECT"}, "payload": {"fine": 0.20, "final": True, "none": None, "n": 10**40}, "own": "x"})
    assert json_row(3, line.replace("0.2,", "0.20,")).cells == {
        "envelope.op": "CORRECT",
        "fine": "0.20",
        "final": "true",
        "none": "",
        "n": str(10**40),
        "own": "x",
    }


@pytest.mark.parametrize("line", [{"subject": {"uscc": "x"}}, {"envelope": {"subject": {"uscc": "x"}}}])
def test_the_subject_may_lie_beside_the_envelope_or_in_it(line: dict[str, Any]) -> None:
    assert json_row(1, json.dumps(line)).cells == {"subject.uscc": "x"}
    twice = json_row(1, json.dumps({"envelope": {"subject": {"uscc": "x"}}, "subject": {"uscc": "y"}}))
    assert (twice.cells, twice.problem) == ({}, "the member subject.uscc is there twice")


@given(st.lists(st.text(alphabet="a;；|、 甲").map(str.strip).filter(bool), max_size=4))
def test_a_list_keeps_its_elements_whatever_they_hold(listed: list[str]) -> None:
    cell = json_row(1, json.dumps({"kinds": listed})).cells["kinds"]
    assert value_of(cell, LISTED) == listed
    assert not listed or cell.startswith(STRUCTURE)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"[1]", "object"),
        (b"{", "not JSON"),
        (b'{"a":' + b"[" * 100_000, "nested too deeply"),
        (b'"x"', "object"),
        (b'{"a": "\\ud83d"}', "half"),
        (b'{"\\uDC00": 1}', "half"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": 1, "payload": {"a": 2}}', "twice"),
        (b'{"payload": {"a": {"a": 1, "a": 2}}}', "twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": [[1]]}', "nested"),
        (b'{"a": [{"b": 1}, 2]}', "nested"),
        (b'{"subject": {"name": {"b": 1}}}', "nested"),
        (b'{"a": "\\u0000"}', "no text"),
        (b'{"a": "' + b"x" * LINE_LIMIT + b'"}', "longer"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "UTF-8"),
    ],
)
def test_a_line_that_cannot_be_meant_is_a_problem_of_its_own(tmp_path: Path, line: bytes, said: str) -> None:
    path = tmp_path / "a.ndjson"
    good = '{"a": "甲"}'.encode()
    path.write_bytes(b"\n".join([good] * 10 + [line] + [good] * 10))
    found = rows_in(path)
    assert [bool(row.problem) for row in found] == [*[False] * 10, True, *[False] * 10]
    assert said in found[10].problem


def test_both_halves_are_a_character(tmp_path: Path) -> None:
    assert json_row(1, '{"a": "\\ud83d\\ude00"}').cells == {"a": "\U0001f600"}
    assert rows(tmp_path, b"", b'{"a": 1}', b"  ") == [False]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "payload", "envelope", "subject", "databus", "\ud800"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_no_json_makes_it_crash(value: object) -> None:
    row = json_row(1, json.dumps(value))
    assert row.problem or all(isinstance(text, str) for text in row.cells.values())
