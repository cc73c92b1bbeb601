"""Rows of any content: a submission or a reason, never a crash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databus.contract import catalogue
from databus.department import mapping
from databus.department.files.row import Row
from databus.department.publish import Batch, prepare
from databus.department.submission import Submission
from department.conftest import SCHEMAS, rows_in

LOADED = catalogue.load(SCHEMAS)
WORKS = LOADED.codec()
PENALTY, REGISTRATION = LOADED.types["ADMIN_PENALTY"], LOADED.types["LP_REGISTRATION"]
BATCH = Batch("market-regulation", 1_795_400_000, b"s" * 32)
STRANGE = ["9" * 400, "1e400000", "NaN", "\x00", "\u202e", "2026-02-30", "是", "；；", "MIMI", "٣", "\x02[", '\x02["a"]', "\x02{}"]
TEXTS = st.text(max_size=12) | st.sampled_from(STRANGE)
COLUMNS = st.sampled_from(
    [*LOADED.types["ADMIN_PENALTY"].fields, *(f"subject.{n}" for n in mapping.SUBJECT), *(f"envelope.{n}" for n in mapping.ENVELOPE)]
)


@settings(max_examples=300)
@given(cells=st.dictionaries(COLUMNS, TEXTS, max_size=8))
def test_no_content_of_cells_makes_it_crash(cells: dict[str, str]) -> None:
    chosen = mapping.identity(PENALTY, PENALTY.entries[0], frozenset(cells))
    found = prepare(Row(1, cells), mapping=chosen, contract=LOADED, codec=WORKS, batch=BATCH)
    if isinstance(found, Submission):
        assert WORKS.decode(found.value)[0] == "databus.ADMIN_PENALTY"
    else:
        assert all(one.rule and one.reason for one in found)


ARCHIVE = mapping.load(SCHEMAS / "LP_REGISTRATION" / "samples" / "historical.yaml", LOADED)


@settings(max_examples=300)
@given(cells=st.fixed_dictionaries({column: TEXTS for column in ARCHIVE.columns}))
def test_no_content_of_an_archive_makes_it_crash(cells: dict[str, str]) -> None:
    found = prepare(Row(1, cells), mapping=ARCHIVE, contract=LOADED, codec=WORKS, batch=BATCH)
    assert found


@settings(max_examples=60)
@given(
    members=st.dictionaries(
        st.sampled_from(["uscc", "name", "envelope", "payload"]),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=8),
            lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=3), x, max_size=3),
            max_leaves=6,
        ),
    )
)
def test_no_json_makes_it_crash(tmp_path_factory: pytest.TempPathFactory, members: dict[str, Any]) -> None:
    path: Path = tmp_path_factory.mktemp("n") / "a.ndjson"
    path.write_text(json.dumps(members) + "\n", "utf-8")
    kind = LOADED.types["LP_REGISTRATION"]
    found = rows_in(path)
    columns = frozenset(name for row in found for name in row.cells) & {*kind.fields}
    for row in found:
        prepare(
            row,
            mapping=mapping.identity(kind, kind.entries[0], columns),
            contract=LOADED,
            codec=WORKS,
            batch=BATCH,
        )
