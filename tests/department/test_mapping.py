"""The mapping language: what it can say, and what it says of a mapping that cannot be meant."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.department import mapping, mapping_file
from databus.department.files.ndjson import json_row
from databus.department.reading import Defect, apply
from databus.errors import BadMapping
from department.conftest import SCHEMAS

BASE: dict[str, Any] = {"type": "LP_REGISTRATION", "entry": "307001/000002"}
LOADED = catalogue.load(SCHEMAS)


def read(contract: Contract, row: Mapping[str, str], **parts: Any) -> tuple[dict[str, dict[str, Any]], list[Defect]]:
    return apply(mapping.parse({**BASE, **parts}, contract), row, contract)


def payload(contract: Contract, text: str, field: str, **options: Any) -> Any:
    cut, defects = read(contract, {"列": text}, payload={field: {"from": "列", **options}})
    assert not defects
    return cut["payload"].get(field)


@pytest.mark.parametrize(
    ("text", "field", "options", "value"),
    [
        ("甲公司", "name", {}, "甲公司"),
        ("  甲公司 ", "name", {}, "甲公司"),
        ("2019年04月30日", "established_on", {}, date(2019, 4, 30)),
        ("30.04.2019", "established_on", {"formats": ["%d.%m.%Y"]}, date(2019, 4, 30)),
        ("1,200.5", "reg_capital_10k", {}, Decimal("1200.500000")),
        ("2,001.1800(万元人民币)", "reg_capital_10k", {"amount": {"power": 4}}, Decimal("2001.180000")),
        ("3亿元", "reg_capital_10k", {"amount": {"power": 8}}, Decimal(3)),
        ("0.2", "reg_capital_10k", {"amount": {"power": 0, "unnamed": 4}}, Decimal(2000)),
        ("2千元", "reg_capital_10k", {"amount": {"power": 0, "unnamed": 4}}, Decimal(2000)),
        ("1/2/2020", "established_on", {"formats": ["%d/%m/%Y"]}, date(2020, 2, 1)),
        ("2020-02-01 00:00:00", "established_on", {}, date(2020, 2, 1)),
        ("500(万美元)", "currency", {"currency": {"currencies": "currency"}}, "USD"),
        ("500(万)", "currency", {"currency": {"currencies": "currency", "unnamed": "CNY"}}, "CNY"),
        ("500(万)", "currency", {"currency": {"currencies": "currency"}}, None),
        ("吉林", "domicile_division", {"lookup": "divisions"}, "220200"),
        ("在营", "reg_state", {"words": {"在营": "ACTIVE"}}, "ACTIVE"),
        ("ｏｎ", "reg_state", {"words": {"on": "ACTIVE"}}, "ACTIVE"),
        ("1", "reg_state", {"words": {1: "ACTIVE"}}, "ACTIVE"),
        ("吊销", "reg_state", {"words": {"在营": "ACTIVE"}}, "REVOKED"),
        ("吊销", "reg_state", {"words": {"在营": "ACTIVE"}, "otherwise": "SUSPENDED"}, "SUSPENDED"),
        ("", "reg_state", {"otherwise": "SUSPENDED"}, "SUSPENDED"),
        ("不在表中", "reg_state", {}, "不在表中"),
        ("", "name", {}, None),
    ],
)
def test_every_option(contract: Contract, text: str, field: str, options: dict[str, Any], value: object) -> None:
    assert payload(contract, text, field, **options) == value


def test_lists_and_truth_are_read_by_their_field(contract: Contract) -> None:
    parts = {"payload": {"penalty_kinds": {"from": "种类"}, "is_final": {"from": "终局"}}}
    cut, _ = read(contract, {"种类": "警告；罚款", "终局": "是"}, type="ADMIN_PENALTY", entry="307004/000004", **parts)
    assert cut["payload"] == {"penalty_kinds": ["WARNING", "FINE"], "is_final": True}


def test_cells_that_say_nothing_are_left_out_but_zero_says_something(contract: Contract) -> None:
    parts = {"absent": ["N/A"], "payload": {"name": {"from": "名"}, "reg_capital_10k": {"from": "额"}}}
    assert read(contract, {"名": "N/A", "额": "0"}, **parts)[0]["payload"] == {"reg_capital_10k": Decimal(0)}
    assert read(contract, {"名": " Ｎ/Ａ ", "额": ""}, **parts)[0]["payload"] == {}


def test_constants_are_true_of_every_row_and_have_the_kind_of_their_field(contract: Contract) -> None:
    cut, _ = read(
        contract,
        {},
        subject={"kind": "ORGANISATION"},
        envelope={"decided_at": date(2020, 1, 2), "withdrawn": False, "publication_class": "授权查询"},
        payload={"reg_capital_10k": 5, "established_on": "2001-02-03", "reg_state": "存续", "postal_code": "130000"},
    )
    assert cut["payload"] == {"reg_capital_10k": 5, "established_on": date(2001, 2, 3), "reg_state": "ACTIVE", "postal_code": "130000"}
    assert cut["envelope"] == {"decided_at": date(2020, 1, 2), "withdrawn": False, "publication_class": "AUTHORISED"}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("withdrawn", "false", False),
        ("withdrawn", "是", True),
        ("source_seq", "42", 42),
        ("op", "revoke", "REVOKE"),
        ("secrecy", "秘密", "MIMI"),
        ("secrecy", "绝密★", "绝密★"),
        ("privacy", "PERSONAL", "PERSONAL"),
        ("valid_from", "20200102", date(2020, 1, 2)),
        ("reason", "笔误", "笔误"),
    ],
)
def test_facts_of_the_envelope_have_their_own_kinds(contract: Contract, name: str, text: str, value: object) -> None:
    cut, defects = read(contract, {"列": text}, envelope={name: {"from": "列"}})
    assert (cut["envelope"], defects) == ({name: value}, [])


@pytest.mark.parametrize(
    ("parts", "field", "expected"),
    [
        ({"payload": {"established_on": {"from": "列"}}}, "established_on", "a date"),
        ({"payload": {"reg_capital_10k": {"from": "列"}}}, "reg_capital_10k", "a number"),
        ({"payload": {"reg_capital_10k": {"from": "列", "amount": {"power": 4}}}}, "reg_capital_10k", "an amount"),
        ({"payload": {"domicile_division": {"from": "列", "lookup": "divisions"}}}, "domicile_division", "divisions"),
        ({"payload": {"currency": {"from": "列", "currency": {"currencies": "currency"}}}}, "currency", "an amount"),
        ({"subject": {"kind": {"from": "列"}}}, "subject.kind", "ORGANISATION"),
        ({"envelope": {"withdrawn": {"from": "列"}}}, "envelope.withdrawn", "是"),
        ({"envelope": {"op": {"from": "列"}}}, "envelope.op", "UPSERT"),
        ({"envelope": {"source_seq": {"from": "列"}}}, "envelope.source_seq", "a number"),
        ({"envelope": {"decided_at": {"from": "列"}}}, "envelope.decided_at", "a date"),
    ],
)
def test_a_cell_that_cannot_be_read_names_field_observed_and_expected(
    contract: Contract, parts: dict[str, Any], field: str, expected: str
) -> None:
    _, defects = read(contract, {"列": "长春事"}, **parts)
    assert [(one.field, one.observed) for one in defects] == [(field, "长春事")]
    assert expected in defects[0].expected


def test_a_value_with_structure_is_told_as_it_was_written(contract: Contract) -> None:
    row = json_row(1, '{"name": ["甲", "乙"], "reg_capital_10k": {"sum": 1}}')
    _, defects = read(contract, row.cells, payload={"name": {"from": "name"}, "reg_capital_10k": {"from": "reg_capital_10k"}})
    assert [(one.field, one.observed) for one in defects] == [("name", '["甲", "乙"]'), ("reg_capital_10k", '{"sum": "1"}')]


def test_a_near_miss_of_a_list_is_suggested(contract: Contract) -> None:
    _, defects = read(contract, {"列": "长春事"}, payload={"domicile_division": {"from": "列", "lookup": "divisions"}})
    assert defects[0].suggestion == "220100"


def test_every_bad_cell_of_a_row_is_told_and_the_good_ones_are_read(contract: Contract) -> None:
    parts = {"payload": {"name": {"from": "a"}, "established_on": {"from": "b"}, "reg_capital_10k": {"from": "c"}}}
    cut, defects = read(contract, {"a": "甲", "b": "x", "c": "y"}, **parts)
    assert cut["payload"] == {"name": "甲"}
    assert [one.field for one in defects] == ["established_on", "reg_capital_10k"]


BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"type": "LP_REGISTRATON"}, "LP_REGISTRATON"),
    ({"entry": "307001/000099"}, "307001/000099"),
    ({"entry": None}, "307001/000001"),
    ({"filter": {}}, "filter"),
    ({"absent": "N/A"}, "absent"),
    ({"payload": []}, "payload"),
    ({"payload": {"nmae": {"from": "列"}}}, "name"),
    ({"subject": {"usc": {"from": "列"}}}, "uscc"),
    ({"envelope": {"submission_id": {"from": "列"}}}, "submission_id"),
    ({"payload": {"name": {"form": "列"}}}, "payload.name"),
    ({"payload": {"name": {"from": 3}}}, "payload.name"),
    ({"payload": {"name": {"from": "列", "regex": ".*"}}}, "payload.name"),
    ({"payload": {"domicile_division": {"from": "列", "lookup": "division"}}}, "division"),
    ({"payload": {"domicile_division": {"from": "列", "lookup": ["divisions"]}}}, "payload.domicile_division"),
    ({"payload": {"reg_capital_10k": {"from": "列", "amount": 4}}}, "payload.reg_capital_10k"),
    ({"payload": {"reg_capital_10k": {"from": "列", "amount": {"power": 99}}}}, "payload.reg_capital_10k"),
    ({"payload": {"name": {"from": "列", "amount": {"power": 4}}}}, "payload.name"),
    ({"payload": {"currency": {"from": "列", "currency": "currency"}}}, "payload.currency"),
    ({"payload": {"currency": {"from": "列", "currency": {"currencies": "currencies"}}}}, "currencies"),
    ({"payload": {"currency": {"from": "列", "currency": {"currencies": "currency", "unnamed": "RMB"}}}}, "RMB"),
    ({"payload": {"currency": {"from": "列", "lookup": "currency", "currency": {"currencies": "currency"}}}}, "payload.currency"),
    ({"payload": {"established_on": {"from": "列", "formats": "%Y"}}}, "payload.established_on"),
    ({"payload": {"established_on": {"from": "列", "formats": ["YYYY-MM-DD"]}}}, "payload.established_on"),
    ({"payload": {"established_on": {"from": "列", "formats": ["%Y%Y-%m-%d"]}}}, "payload.established_on"),
    ({"payload": {"established_on": {"from": "列", "formats": ["%Y-%m-%d %c"]}}}, "payload.established_on"),
    ({"payload": {"established_on": {"from": "列", "formats": ["%Y-%m-%d" + "(a+)+" * 20]}}}, "payload.established_on"),
    ({"payload": {"reg_capital_10k": {"from": "列", "amount": {"power": 4, "unnamed": 99}}}}, "payload.reg_capital_10k"),
    ({"payload": {"reg_capital_10k": {"from": "列", "amount": {"power": True}}}}, "payload.reg_capital_10k"),
    ({"payload": {"name": {"from": "列", "lookup": "../../departments"}}}, "does not exist"),
    ({"payload": {"x" * (1 << 16): {"from": "列"}}}, "xxx"),
    ({"payload": {"name": {"from": "列", "formats": ["%Y-%m-%d"]}}}, "payload.name"),
    ({"payload": {"reg_state": {"from": "列", "words": ["在营"]}}}, "payload.reg_state"),
    ({"payload": {"reg_state": {"from": "列", "words": {True: "ACTIVE"}}}}, "quotes"),
    ({"payload": {"reg_state": {"from": "列", "words": {"在营": "OPEN"}}}}, "OPEN"),
    ({"payload": {"reg_state": {"from": "列", "otherwise": "OPEN"}}}, "OPEN"),
    ({"payload": {"reg_state": "OPEN"}}, "OPEN"),
    ({"payload": {"established_on": "yesterday"}}, "yesterday"),
    ({"payload": {"name": [1, 2]}}, "payload.name"),
    ({"subject": {"kind": "COMPANY"}}, "COMPANY"),
)


@pytest.mark.parametrize(("parts", "named"), BAD)
def test_a_mapping_that_cannot_be_meant_is_refused_and_named(contract: Contract, parts: dict[str, Any], named: str) -> None:
    with pytest.raises(BadMapping) as caught:
        mapping.parse({**BASE, **parts}, contract)
    assert named in caught.value.detail


LAUGHS = "\n".join(["a: &a [x, x]", *(f"{name}: &{name} [*{before}, *{before}]" for before, name in pairwise("abcdefghijklmnopqrst"))])
HOSTILE = (
    LAUGHS.encode(),
    b"type: &x LP_REGISTRATION\nentry: *x",
    b"<<: &m {type: LP_REGISTRATION}\nentry: *m",
    b"type: !!python/object/apply:os.system [id]",
    b"type: !!python/name:os.system",
    b"type: !include /etc/passwd",
    b"[" * 20_000,
    b"a: " + b"9" * 10_000,
    b"x" * (mapping_file.LARGEST + 1),
)


@pytest.mark.parametrize("content", [b"- a", b"a: [", b"\xff", b"a: &x [*x, *y]", b"", *HOSTILE])
def test_a_file_that_is_no_mapping_is_refused(contract: Contract, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.yaml").write_bytes(content)
    with pytest.raises(BadMapping, match=r"m\.yaml"):
        mapping.load(tmp_path / "m.yaml", contract)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("type: X\nentry: Y\n  system: file\n", "line 3, column 9: mapping values are not allowed here"),
        ("type: X\npayload:\n  doc_no: {from: 甲}\n  doc_no: {from: 乙}\n", "line 4, column 3: doc_no stands here a second time"),
        ("type: X\nentry: &x Y\nsystem: *x\n", "line 3, column 9: a mapping has no aliases"),
        ("type: !include x\n", "line 1, column 7"),
    ],
)
def test_a_slip_of_the_pen_is_told_with_its_place(contract: Contract, tmp_path: Path, content: str, where: str) -> None:
    (tmp_path / "m.yaml").write_text(content, "utf-8")
    with pytest.raises(BadMapping) as caught:
        mapping.load(tmp_path / "m.yaml", contract)
    assert caught.value.detail.startswith(f"m.yaml, {where}")


def test_a_missing_mapping_is_refused(contract: Contract, tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match=r"none\.yaml"):
        mapping.load(tmp_path / "none.yaml", contract)


YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["from", "words", "CNY", "列", date(2020, 1, 1)]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["from", "words", "amount", "power", "otherwise", "x"]), inner)
    ),
    max_leaves=6,
)


@given(
    value=YAML,
    part=st.sampled_from(["subject", "envelope", "payload", "absent", "system", "entry"]),
    name=st.sampled_from(["name", "uscc", "op"]),
)
def test_no_yaml_makes_it_crash(value: Any, part: str, name: str) -> None:
    for raw in (value, {name: value}):
        try:
            chosen = mapping.parse({**deepcopy(BASE), part: raw}, LOADED)
        except BadMapping:
            continue
        apply(chosen, {"列": "甲"}, LOADED)


def test_the_shipped_mapping_reads_every_column_it_names(contract: Contract) -> None:
    chosen = mapping.load(SCHEMAS / "LP_REGISTRATION" / "samples" / "historical.yaml", contract)
    header = (SCHEMAS / "LP_REGISTRATION" / "samples" / "historical.csv").read_text("utf-8").splitlines()[0].split(",")
    assert chosen.columns == set(header) - {"所在省份"}


def test_a_pattern_of_days_takes_no_time_however_long_the_cell(contract: Contract) -> None:
    """Each format is one pattern of bounded parts: a cell of a megabyte is refused as fast as it is read."""
    _, defects = read(contract, {"列": "2" * (1 << 20)}, payload={"established_on": {"from": "列", "formats": ["%Y-%m-%d", "%Y%m%d"]}})
    assert [defect.field for defect in defects] == ["established_on"]
