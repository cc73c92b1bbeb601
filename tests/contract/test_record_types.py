"""What a record type says of itself: its key, what its records say of a subject, and that all it names is there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from databus.contract.catalogue import Contract, load
from databus.contract.record_types import Nature, fields_of_part
from databus.errors import BadContract

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load(SCHEMAS)


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        ("doc_no", ("doc_no",)),
        ("@party", ()),
        ("@source", ()),
        ("@hash:after", ("after",)),
        ("@person:id_type,id_number,person_name", ("id_type", "id_number", "person_name")),
    ],
)
def test_the_fields_behind_a_part_of_a_key(part: str, fields: tuple[str, ...]) -> None:
    assert fields_of_part(part) == fields


def test_a_key_is_made_of_fields_and_what_stands_for_them(contract: Contract) -> None:
    assert contract.types["LP_KEY_PERSON"].key_fields == {"id_type", "id_number", "person_name", "role"}
    assert contract.types["ADMIN_LICENCE"].key_fields == {"authority_uscc", "doc_no", "licence_no", "decided_at"}


def test_a_record_weighs_by_what_is_known_of_it(contract: Contract, tmp_path: Path) -> None:
    reason = "payload.entry_reason"
    weighed = {"GOOD": {"field": reason, "in": ["1"]}, "ADVERSE": {"field": reason, "in": ["3"]}}
    listing = load(changed(tmp_path, nature=weighed)).types["ABNORMAL_OPERATION"]
    assert [listing.nature({"entry_reason": word}) for word in "123"] == [Nature.GOOD, Nature.BASIC, Nature.ADVERSE]
    assert listing.nature({}) is Nature.BASIC, "what is withheld tells nothing"
    assert contract.types["ADMIN_PENALTY"].nature({}) is Nature.ADVERSE


def changed(tmp_path: Path, **change: Any) -> Path:
    shutil.copytree(SCHEMAS, tmp_path / "schemas")
    path = tmp_path / "schemas" / "ABNORMAL_OPERATION" / "type.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text("utf-8")), **change}, allow_unicode=True), "utf-8")
    return tmp_path / "schemas"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"record_type": "HONOUR"}, "calls itself HONOUR"),
        ({"key": ["@hash:colour"]}, "field colour"),
        ({"owners": [{"department": "navy"}]}, "department navy"),
        ({"nature": "FRIENDLY"}, "FRIENDLY"),
        (
            {
                "narrowing": [
                    {"fields": ["colour"], "when": {"field": "payload.decision_no", "present": True}, "to": "INTERNAL", "citation": "x"}
                ]
            },
            "colour",
        ),
    ],
)
def test_what_a_type_names_must_be_there(tmp_path: Path, change: dict[str, Any], wrong: str) -> None:
    with pytest.raises(BadContract, match=wrong):
        load(changed(tmp_path, **change))
