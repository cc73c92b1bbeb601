"""What departments call their columns leads to one field of a type, or the contract is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from databus.contract import catalogue
from databus.contract.columns import Column, columns_of, heading, names_of
from databus.errors import BadContract

SCHEMAS = Path(__file__).parents[2] / "schemas"


def test_headers_are_compared_without_their_decoration() -> None:
    assert heading(" ＣＦ＿ＷＳＨ ") == heading("cf-wsh") == heading("CF_WSH")
    assert heading("注册资本（万元）") == heading("注册资本(万元)") == "注册资本万元"
    assert heading("决定日期") != heading("许可决定日期")


def test_a_name_may_bring_the_options_its_cells_are_read_with() -> None:
    found = columns_of({"a": ["甲", {"name": "乙", "amount": {"power": 0, "unnamed": 4}}]})
    assert found == {"a": (Column("甲", {}), Column("乙", {"amount": {"power": 0, "unnamed": 4}}))}


@pytest.mark.parametrize("raw", [{"a": ["甲"], "b": ["(甲)"]}, {"a": [{"amount": {}}]}, {"a": 3}, []])
def test_what_leads_to_two_fields_or_nowhere_is_refused(raw: object) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        columns_of(raw)  # type: ignore[arg-type]


def test_no_name_of_the_shipped_types_leads_to_two_fields() -> None:
    for record_type in catalogue.load(SCHEMAS).types.values():
        taken: dict[str, str] = {}
        for field in record_type.fields.values():
            for column in names_of(field, record_type.columns.get(field.name, ())):
                if column.name == field.en:
                    continue  # prose: "number of that document" says which only beside its neighbour
                assert taken.setdefault(heading(column.name), field.name) == field.name, (record_type.name, column.name)


def test_columns_of_a_field_that_there_is_not_are_refused(tmp_path: Path) -> None:
    root = Path(shutil.copytree(SCHEMAS, tmp_path / "schemas"))
    path = root / "ADMIN_PENALTY" / "type.yaml"
    path.write_text(path.read_text("utf-8").replace("\ncolumns:\n", "\ncolumns:\n  no_such: [甲]\n"), "utf-8")
    with pytest.raises(BadContract, match="no_such"):
        catalogue.load(root)
