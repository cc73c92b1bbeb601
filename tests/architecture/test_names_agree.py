"""One name everywhere: folder, record type and schema; department, code and inbox; process, user and service."""

from __future__ import annotations

import json

import pytest
import yaml

from architecture.tree import SERVICES
from databus.bus import grants, topics
from databus.contract import catalogue, identifiers
from databus.contract.catalogue import Contract
from databus.local import keys
from databus.model.labels import Commercial, Privacy, Publication, Secrecy, SubjectKind
from databus.settings import CHECKOUT

SCHEMAS = CHECKOUT / "schemas"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return catalogue.load(SCHEMAS)


def test_a_folder_is_a_record_type_is_a_schema(contract: Contract) -> None:
    folders = {path.parent for path in SCHEMAS.glob("*/type.yaml")}
    assert {folder.name for folder in folders} == set(contract.types)
    for folder in folders:
        raw = yaml.safe_load((folder / "type.yaml").read_text("utf-8"))
        assert raw["record_type"] == folder.name
        for path in folder.glob("v*.avsc"):
            schema = json.loads(path.read_text("utf-8"))
            assert (schema["namespace"], schema["name"]) == ("databus", folder.name), path.name
            assert [field["name"] for field in schema["fields"]] == ["envelope", "payload"], path.name
        assert contract.types[folder.name].full_name == f"databus.{folder.name}"


def test_every_owner_is_a_department_with_a_code_that_checks(contract: Contract) -> None:
    owners = {owner.department for known in contract.types.values() for owner in known.owners}
    owners |= {entry.department for entry in contract.entries.values()}
    assert owners and owners <= set(contract.departments)
    codes = [department.uscc for department in contract.departments.values()]
    assert len(set(codes)) == len(codes) and not [code for code in codes if identifiers.check_uscc(code) is not None]


def test_a_department_is_an_inbox_and_no_process(contract: Contract) -> None:
    names = [topic.name for topic in topics.table(contract.departments)]
    assert len(set(names)) == len(names)
    assert {f"in.{slug}" for slug in contract.departments} == {name for name in names if name.startswith("in.")}
    assert set(contract.departments).isdisjoint(keys.PROCESS_USERS)


def test_a_process_is_a_user_with_grants_and_a_password() -> None:
    assert set(keys.PROCESS_USERS) == {*grants.PROCESSES, "admin"}
    assert {grant.user for grant in grants.grants(())} == set(grants.PROCESSES)


def test_a_service_is_a_process() -> None:
    services = {path.parent.name for path in SERVICES.glob("*/main.py")}
    assert services and services <= set(grants.PROCESSES)


@pytest.mark.parametrize("noun", [Publication, Commercial, Privacy, Secrecy, SubjectKind])
def test_a_label_in_python_is_a_symbol_of_the_envelope(noun: type[Publication]) -> None:
    """Enums of the envelope hold the words of the model; beside them at most the word for what nobody knows."""
    symbols = {found["name"]: found for found in _enums(json.loads((SCHEMAS / "_envelope" / "envelope.avsc").read_text("utf-8")))}
    told = symbols[noun.__name__]
    assert set(told["symbols"]) - {"UNKNOWN"} == {member.value for member in noun}
    assert told["default"] in {"UNKNOWN", list(noun)[-1].value}, "an unknown symbol must never open anything"


def _enums(schema: object) -> list[dict[str, object]]:
    if isinstance(schema, dict):
        own = [schema] if schema.get("type") == "enum" else []
        return own + [found for value in schema.values() for found in _enums(value)]
    return [found for value in schema for found in _enums(value)] if isinstance(schema, list) else []


def test_a_policy_package_is_named_after_its_folder() -> None:
    policies = CHECKOUT / "policies"
    named = {}
    for path in policies.rglob("*.rego"):
        package = next(line.split()[1] for line in path.read_text("utf-8").splitlines() if line.startswith("package "))
        named[str(path.relative_to(policies))] = package.removesuffix("_test")
    assert named and {path: path.rpartition("/")[0].replace("/", ".") for path in named} == named
