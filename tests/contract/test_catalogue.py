"""Loading the contracts: what is wrong with them is said with its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from databus.contract import catalogue
from databus.errors import BadContract, NotFound

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SCHEMAS, tmp_path / "schemas"))


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / name
        text = path.read_text("utf-8")
        assert old in text, name
        path.write_text(text.replace(old, new), "utf-8")

    return change


TYPE = "ADMIN_PENALTY/type.yaml"
SCHEMA = "ADMIN_PENALTY/v1.avsc"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (replaced(TYPE, "record_type: ADMIN_PENALTY", "record_type: PENALTY"), "calls itself PENALTY"),
        (replaced(TYPE, "title: doc_no", "title: no_such"), "no_such"),
        (replaced(TYPE, "deciding: authority_uscc", "deciding: no_such"), "no_such"),
        (replaced(TYPE, "key: [authority_uscc, doc_no", "key: [authority_uscc, no_such"), "no_such"),
        (replaced(TYPE, "{department: ecology, valid_from", "{department: oceans, valid_from"), "oceans"),
        (replaced(TYPE, "307002/000004", "307001/000004"), "307001/000004"),
        (replaced(TYPE, "section:", "sektion:"), "section"),
        (replaced(TYPE, "    authority_rank: 1", "    dq_profile: [{rule: DQ-NO-01, field: doc_no}]\n    authority_rank: 1"), "DQ-NO-01"),
        (replaced(TYPE, "    authority_rank: 1", "    dq_profile: [{rule: DQ-ACC-01, field: no_such}]\n    authority_rank: 1"), "no_such"),
        (replaced(SCHEMA, '"zh": "备注"', '"zh": "既往病史"'), "medical history"),
        (replaced(SCHEMA, '"name": "ADMIN_PENALTY"', '"name": "OTHER"'), "OTHER"),
        (replaced(SCHEMA, '"class": "GOV_SHARED"', '"klass": "GOV_SHARED"'), "label"),
        (lambda root: (root / SCHEMA).write_text("{"), "not an Avro schema"),
        (lambda root: (root / TYPE).write_text("a: [", "utf-8"), "type.yaml"),
        (lambda root: shutil.rmtree(root / "codes"), "codes"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused_with_its_place(copied: Path, change: Callable[[Path], None], said: str) -> None:
    change(copied)
    with pytest.raises(BadContract) as caught:
        catalogue.load(copied)
    assert said in caught.value.detail


def test_an_empty_folder_is_no_contract(tmp_path: Path) -> None:
    with pytest.raises(BadContract):
        catalogue.load(tmp_path)


def test_a_type_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(NotFound, match="ADMIN_PENALTY"):
        catalogue.load(SCHEMAS).record_type("NOPE")


def test_every_example_fits_its_schema_and_comes_back() -> None:
    contract = catalogue.load(SCHEMAS)
    codec = contract.codec()
    assert {record_type.full_name for record_type in contract.types.values()} <= codec.names
