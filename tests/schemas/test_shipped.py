"""The shipped contracts: complete, consistent, and usable as they lie there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from databus.contract import identifiers
from databus.contract.catalogue import Contract, RecordType, load
from databus.contract.predicates import predicate
from databus.errors import BadContract
from databus.model.labels import Privacy, Publication

SCHEMAS = Path(__file__).parents[2] / "schemas"
TYPES = ("LP_REGISTRATION", "ADMIN_LICENCE", "ADMIN_PENALTY", "ABNORMAL_OPERATION", "LP_CODE_MAP")
PERSONAL = {"legal_rep_id_type", "legal_rep_id_no", "person_id_type", "person_id_no"}
GENERATORS = (
    "subject serial code amount copy after choice phrases department decided constant citizen_id doc_no by_department template label"
)


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load(SCHEMAS)


def value_of(field: Any, value: Any) -> Any:
    match field.kind:
        case "date" if value is not None:
            return date.fromisoformat(value)
        case "decimal" if value is not None:
            return Decimal(value)
    return value


def example(record_type: RecordType) -> dict[str, Any]:
    raw = json.loads((SCHEMAS / record_type.name / "example.json").read_text("utf-8"))
    for name in ("valid_from", "valid_to", "decided_at"):
        raw["envelope"][name] = raw["envelope"][name] and date.fromisoformat(raw["envelope"][name])
    raw["payload"] = {name: value_of(field, raw["payload"][name]) for name, field in record_type.fields.items()}
    return dict(raw)


def test_the_types_are_there(contract: Contract) -> None:
    assert set(contract.types) == set(TYPES)
    assert [len(contract.types[name].fields) for name in TYPES] == [23, 33, 33, 13, 11]


@pytest.mark.parametrize("name", TYPES)
def test_an_example_is_a_submission_that_its_entry_accepts(contract: Contract, name: str) -> None:
    record_type = contract.types[name]
    submission = example(record_type)
    full_name, decoded = contract.codec().decode(contract.codec().encode(record_type.full_name, submission))
    assert (full_name, decoded) == (record_type.full_name, submission)
    entry = contract.entries[submission["envelope"]["catalog_code"]]
    assert entry.record_type == name and entry.active(submission["envelope"]["decided_at"])
    assert all(submission["payload"][field] is not None for field in entry.required)
    assert all(submission["payload"][part] for part in record_type.key if not part.startswith("@"))


@pytest.mark.parametrize("name", TYPES)
def test_an_example_keeps_code_lists_and_lengths(contract: Contract, name: str) -> None:
    record_type = contract.types[name]
    for field in record_type.fields.values():
        value = example(record_type)["payload"][field.name]
        for word in value if isinstance(value, list) else [value] if isinstance(value, str) else []:
            assert field.code is None or contract.codes.known(field.code, word), field.name
            assert field.max_length is None or len(word) <= field.max_length, field.name


def test_personal_fields_never_leave_and_are_masked(contract: Contract) -> None:
    for record_type in contract.types.values():
        for field in record_type.fields.values():
            if field.name in PERSONAL:
                assert field.publication == Publication.INTERNAL and field.privacy != Privacy.NONE
                assert field.name.endswith("_type") or field.mask
            else:
                assert field.publication in (Publication.PUBLIC, Publication.GOV_SHARED) and field.privacy == Privacy.NONE


def test_every_provider_owns_what_it_publishes(contract: Contract) -> None:
    published = {(entry.record_type, entry.department) for entry in contract.entries.values()}
    owned = {(name, owner.department) for name, record_type in contract.types.items() for owner in record_type.owners}
    assert published == owned and len(contract.departments) == 5
    assert all(identifiers.check_uscc(department.uscc) is None for department in contract.departments.values())


def test_historical_registrations_ask_for_little(contract: Contract) -> None:
    entry = contract.entries["307001/000002"]
    assert entry.required == ("uscc", "name", "established_on", "domicile") and entry.late_after is None
    assert entry.active(date(1979, 10, 1))


def test_required_fields_have_hints_and_hints_are_known(contract: Contract) -> None:
    for record_type in contract.types.values():
        assert set(record_type.hints) <= set(record_type.fields)
        assert {hint["gen"] for hint in record_type.hints.values()} <= set(GENERATORS.split())
        assert all(field in record_type.hints for entry in record_type.entries for field in entry.required)
        for hint in record_type.hints.values():
            assert predicate(hint.get("when"), record_type.name) is not None
            texts = hint.get("prefixes") or (hint["from"] if hint["gen"] == "by_department" else None)
            assert texts is None or set(texts) == {owner.department for owner in record_type.owners}


def test_only_penalties_are_open_yet(contract: Contract) -> None:
    assert {name for name, dataset in contract.datasets.items() if dataset["open"]} == {"penalties"}
    for name, dataset in contract.datasets.items():
        own = contract.types[dataset["record_type"]]
        assert own.dataset == name == dataset["id"]
        assert {*dataset["filters"], *dataset["sort"]["fields"], *dataset["indexes"]} <= set(dataset["columns"])


def test_every_rule_and_reason_has_a_sentence_in_both_languages(contract: Contract) -> None:
    for name in ("dq_rule", "reason_code", "purpose"):
        assert all(row.zh and row.en and row.zh != row.en for row in contract.codes.rows(name))
    verdicts = {row.more["verdict"] for row in contract.codes.rows("dq_rule")}
    assert verdicts == {"R", "H", "W", "-"}


def edit(path: Path, change: Callable[[Any], None]) -> None:
    raw = yaml.safe_load(path.read_text("utf-8"))
    change(raw)
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")


@pytest.mark.parametrize(
    ("file", "change", "wrong"),
    [
        ("ADMIN_PENALTY/type.yaml", lambda raw: raw["catalogue"][0].update(share_type=3), "invariant 1"),
        ("ADMIN_PENALTY/type.yaml", lambda raw: raw["catalogue"][0].update(publication="GOV_SHARED"), "invariant 3"),
        ("ADMIN_PENALTY/type.yaml", lambda raw: raw["catalogue"][0].update(legal_basis=""), "invariant 4"),
        ("datasets/penalties.yaml", lambda raw: raw["columns"].append("person_id_no"), "invariant 5"),
        ("datasets/penalties.yaml", lambda raw: raw["columns"].append("colour"), "no field colour"),
        ("LP_REGISTRATION/type.yaml", lambda raw: raw["catalogue"][1].update(authority_rank=1), "invariant 7"),
        ("attributes.yaml", lambda raw: raw["attributes"]["name"]["authority"].update({"5": "999999/000001"}), "999999/000001"),
        ("attributes.yaml", lambda raw: raw.pop("attributes"), "misstates"),
        ("ADMIN_PENALTY/type.yaml", lambda raw: raw["checks"].append({"rule": "DQ-ACC-99", "field": "doc_no"}), "DQ-ACC-99"),
        (
            "ADMIN_PENALTY/type.yaml",
            lambda raw: raw["checks"].append({"rule": "DQ-ACC-06", "field": "doc_no", "list": "colour"}),
            "code list colour",
        ),
        ("LP_REGISTRATION/type.yaml", lambda raw: raw.update(title="colour"), "field colour"),
    ],
)
def test_a_catalogue_that_breaks_an_invariant_does_not_load(tmp_path: Path, file: str, change: Callable[[Any], None], wrong: str) -> None:
    shutil.copytree(SCHEMAS, tmp_path / "schemas")
    edit(tmp_path / "schemas" / file, change)
    with pytest.raises(BadContract, match=wrong):
        load(tmp_path / "schemas")
