"""The shipped contracts: complete, consistent, and usable as they lie there."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from databus.contract import identifiers
from databus.contract.catalogue import Contract, load
from databus.contract.fields import values_of
from databus.contract.predicates import predicate
from databus.department.submission import compose
from databus.errors import BadContract
from databus.model.labels import Privacy, Publication
from databus.testing.province.generators import GENERATORS
from testing.feeding import fed
from typed import example

NOON = 1_788_843_600_000
"""2026-09-08 in the province: within every limit behind the examples' day."""
SCHEMAS = Path(__file__).parents[2] / "schemas"
TYPES = tuple(sorted(path.parent.name for path in SCHEMAS.glob("*/type.yaml")))
# Field tables of domain.md: 2.3-2.5, 2.8 and Appendix A.
TABULATED = {
    "ABNORMAL_OPERATION",
    "ADMIN_LICENCE",
    "ADMIN_PENALTY",
    "AGENCY_DOSSIER",
    "ANNUAL_REPORT",
    "COMPLAINT",
    "COURT_JUDGMENT",
    "CREDIT_COMMITMENT",
    "ECOM_OPERATOR",
    "ENV_CREDIT",
    "HONOUR_LIST",
    "JUDGMENT_DEBTOR",
    "LP_CHANGE",
    "LP_CODE_MAP",
    "LP_KEY_PERSON",
    "LP_REGISTRATION",
    "NP_BASIC",
    "QUALITY_INSPECTION",
    "SERIOUS_DISHONESTY",
    "SI_ARREARS",
    "SI_REGISTRATION",
    "SOCIAL_COLLECTION",
    "STAT_DISHONESTY",
    "TAX_ABNORMAL",
    "TAX_ARREARS",
    "TAX_CREDIT",
    "TAX_SERIOUS_CASE",
    "TRACE_BATCH",
}
# Persons whose numbers the law itself has published, masked (domain 2.8, 2.9).
PUBLISHED_NUMBERS = {("JUDGMENT_DEBTOR", "id_no"), ("TAX_ARREARS", "legal_rep_id"), ("TAX_SERIOUS_CASE", "legal_rep_id")}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load(SCHEMAS)


def test_every_type_with_a_field_table_is_there(contract: Contract) -> None:
    assert set(contract.types) >= TABULATED
    sizes = {name: len(record_type.fields) for name, record_type in contract.types.items()}
    first = ("LP_REGISTRATION", "ADMIN_LICENCE", "ADMIN_PENALTY", "ABNORMAL_OPERATION", "JUDGMENT_DEBTOR", "ANNUAL_REPORT")
    assert [sizes[name] for name in first] == [23, 33, 33, 13, 21, 26]


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
    for path, value in values_of(record_type.fields, example(record_type)["payload"]):
        field = record_type.leaves[path]
        for word in value if isinstance(value, list) else [value] if isinstance(value, str) else []:
            assert field.code is None or contract.codes.known(field.code, word), path
            assert field.max_length is None or len(word) <= field.max_length, path


@pytest.mark.parametrize("name", TYPES)
def test_the_checker_accepts_the_example(contract: Contract, name: str) -> None:
    record_type, sent = contract.types[name], example(contract.types[name])
    cut = {"subject": sent["envelope"]["subject"], "payload": sent["payload"]}
    cut["envelope"] = {key: value for key, value in sent["envelope"].items() if key not in ("subject", "submission_id", "recorded_at")}
    entry = contract.entries[cut["envelope"].pop("catalog_code")]
    told = {"system": cut["envelope"].pop("source_system"), "submission_id": "s", "seq": 1, "now": NOON, "secret": b"s" * 32}
    submission = compose(cut, codec=contract.codec(), record_type=record_type, entry=entry, **told)
    fate = fed([(entry.department, submission)], contract, contract.codec(), received=NOON)["s"]
    assert (fate.outcome, fate.findings) == ("ACCEPTED", ())


def test_personal_fields_are_masked_wherever_they_may_be_seen(contract: Contract) -> None:
    seen = set()
    for name, record_type in contract.types.items():
        for path, field in record_type.leaves.items():
            if field.privacy == Privacy.SENSITIVE:
                assert field.publication not in (Publication.PUBLIC, Publication.AUTHORISED), (name, path)
                assert field.mask or field.kind != "string", (name, path)
            elif field.publication == Publication.PUBLIC and field.privacy == Privacy.PERSONAL:
                assert field.mask, (name, path)
                seen.add((name, path))
            if "DQ-ACC-04" in {check.rule for check in record_type.checks if check.field == path}:
                assert field.privacy != Privacy.NONE and field.mask, (name, path)
    assert seen == PUBLISHED_NUMBERS


def test_every_name_has_both_languages(contract: Contract) -> None:
    for record_type in contract.types.values():
        named = [record_type, *record_type.entries, *record_type.fields.values(), *record_type.leaves.values()]
        assert all(one.zh.strip() and one.en.strip() and not one.en.endswith(".") for one in named), record_type.name
        assert all(any("\u4e00" <= letter <= "\u9fff" for letter in one.zh) for one in named), record_type.name


def test_an_entry_says_what_it_requires_and_recommends(contract: Contract) -> None:
    for entry in contract.entries.values():
        assert entry.required and not set(entry.required) & set(entry.recommended), entry.code
        assert entry.late_after is None or entry.citation, entry.code
        assert entry.raw["legal_basis"] and contract.codes.known("update_cycle", str(entry.update_cycle)), entry.code


def test_every_type_has_a_rule_for_its_publicity_in_each_set(contract: Contract) -> None:
    for rules in contract.rules.sets:
        assert {record_type.lifecycle for record_type in contract.types.values()} <= rules.about.keys(), rules.id


def test_every_provider_owns_what_it_publishes(contract: Contract) -> None:
    published = {(entry.record_type, entry.department) for entry in contract.entries.values()}
    owned = {(name, owner.department) for name, record_type in contract.types.items() for owner in record_type.owners}
    assert published == owned and {department for _, department in owned} == set(contract.departments)
    each = Counter((entry.record_type, entry.department) for entry in contract.entries.values())
    assert {pair for pair, times in each.items() if times > 1} == {("LP_REGISTRATION", "market-regulation")}, "but for old registrations"
    assert all(identifiers.check_uscc(department.uscc) is None for department in contract.departments.values())


def test_who_maps_codes_is_who_registers(contract: Contract) -> None:
    """Domain 4.1: by the first character of the code, the authority of the name and the word on older codes are one department."""
    registered = {
        first: contract.entries[code].department for first, code in contract.attributes["attributes"]["name"]["authority"].items()
    }
    mapping = [record_type for record_type in contract.types.values() if record_type.maps is not None]
    assert mapping
    for record_type in mapping:
        assert record_type.maps is not None and record_type.maps.registrar == registered
        assert {owner.department for owner in record_type.owners} == set(registered.values())


SOLE = {
    "taxation": {"TAX_CREDIT", "TAX_ARREARS", "TAX_ABNORMAL", "TAX_SERIOUS_CASE", "TAX_PAYMENT"},
    "human-resources": {"SI_REGISTRATION"},
    "market-regulation": {"ANNUAL_REPORT"},
    "public-security": {"NP_BASIC"},
    "court": {"JUDGMENT_DEBTOR", "COURT_JUDGMENT"},
    "statistics": {"STAT_CREDIT_GRADE", "STAT_DISHONESTY"},
}
"""The rows of domain 4.1 that have no attribute of their own: the department that alone may say it, in types of these names."""


def test_one_datum_has_one_source(contract: Contract) -> None:
    for department, names in SOLE.items():
        for name in names:
            assert {owner.department for owner in contract.types[name].owners} == {department}, name
    assert all(contract.types[name].deciding for name in ("ADMIN_LICENCE", "ADMIN_PENALTY", "NP_QUALIFICATION"))


def test_historical_registrations_ask_for_little(contract: Contract) -> None:
    entry = contract.entries["307001/000002"]
    assert entry.required == ("uscc", "name", "established_on", "domicile") and entry.late_after is None
    assert entry.active(date(1979, 10, 1))


def test_required_fields_have_hints_and_hints_are_known(contract: Contract) -> None:
    for record_type in contract.types.values():
        assert set(record_type.hints) <= set(record_type.fields)
        assert {hint["gen"] for hint in record_type.hints.values()} <= set(GENERATORS)
        assert all(field in record_type.hints for entry in record_type.entries for field in entry.required)
        for hint in record_type.hints.values():
            assert predicate(hint.get("when"), record_type.name) is not None
            texts = hint.get("prefixes") or (hint["from"] if hint["gen"] == "by_department" else None)
            assert texts is None or set(texts) == {owner.department for owner in record_type.owners}


def test_what_is_public_has_a_dataset(contract: Contract) -> None:
    public = {entry.record_type for entry in contract.entries.values() if entry.publication == Publication.PUBLIC}
    assert {dataset["record_type"] for dataset in contract.datasets.values()} == public
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
        ("attributes.yaml", lambda raw: raw["attributes"]["name"]["authority"].update({"8": "999999/000001"}), "999999/000001"),
        ("attributes.yaml", lambda raw: raw.pop("attributes"), "misstates"),
        (
            "attributes.yaml",
            lambda raw: raw["attributes"].update(
                tax_number={
                    "names": {"zh": "税号", "en": "tax number"},
                    "authority": {"9": "307002/000015"},
                    "asserted_by": [{"record_type": "TAX_CREDIT", "field": "tax_no"}],
                    "conflict": "DQ-CONS-02",
                }
            ),
            "only LP_REGISTRATION is weighed",
        ),
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
