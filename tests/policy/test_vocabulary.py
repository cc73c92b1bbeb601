"""Policies, contracts and code speak of the same purposes, masks, reasons, standings and types."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from databus.access import samples
from databus.model.disclosure import Role
from databus.model.labels import Publication, Standing, SubjectKind
from databus.policy.labels import labels
from databus.policy.masks import MASKS
from policy_engine import POLICIES, contract

CODES = POLICIES.parent / "schemas" / "codes"


def data(name: str) -> Any:
    return yaml.safe_load((POLICIES / "databus" / name / "data.yaml").read_text("utf-8"))


def codes(name: str) -> set[str]:
    return {row["code"] for row in yaml.safe_load((CODES / f"{name}.yaml").read_text("utf-8"))}


def test_every_reason_has_its_words() -> None:
    sources = [path.read_text("utf-8") for path in POLICIES.rglob("*") if path.suffix in (".rego", ".yaml")]
    used = {code for text in sources for code in re.findall(r"\b(?:OK|DENY|MASKED|ERR)_[A-Z_]+\b", text)}
    assert len(used) > 15
    assert used <= codes("reason_code")


def test_purposes_are_the_code_list() -> None:
    assert set(data("purposes")) == codes("purpose")
    assert {role for purpose in data("purposes").values() for role in purpose["roles"]} <= {role.value for role in Role}


def test_masks_are_those_the_code_has() -> None:
    assert set(data("masks")) == set(MASKS)
    assert {kind for mask in data("masks").values() for kind in mask["kinds"]} <= {kind.value for kind in SubjectKind}
    used = {field["mask"] for fields in labels(contract()).values() for field in fields.values() if field["mask"]}
    assert used <= set(MASKS)


def test_every_standing_is_judged() -> None:
    assert set(data("standings")) == {standing.value for standing in Standing}


def test_the_matrix_knows_every_class_and_role() -> None:
    matrix = data("matrix")
    classes = {publication.value for publication in Publication}
    assert set(matrix["columns"]) == {role.value for role in Role}
    assert set(matrix["stricter"]) == classes
    for cells in matrix["cells"].values():
        assert set(cells) == classes
        assert all(set(cell) == {"mode", "terms"} and cell["mode"] in ("FULL", "MASKED") for row in cells.values() for cell in row.values())


@pytest.mark.parametrize("one", Publication)
def test_stricter_is_the_models_own(one: Publication) -> None:
    from databus.model.labels import stricter

    assert data("matrix")["stricter"][one.value] == {other.value: stricter(one, other).value for other in Publication}


def test_laws_are_named_for_types_that_exist() -> None:
    assert set(data("bases")["publication"]) <= set(contract().types)


def test_every_field_has_its_label_in_the_bundle() -> None:
    made = labels(contract())
    for name, record_type in contract().types.items():
        assert set(made[name]) == set(record_type.leaves)
        assert all(set(label) == {"class", "commercial", "privacy", "mask", "kind"} for label in made[name].values())


def test_sample_permits_speak_of_what_exists() -> None:
    from datetime import date

    fields = {name for record_type in contract().types.values() for name in record_type.fields}
    permits = samples.permits(date(2026, 6, 1), consenting=["a-key"])
    assert {permit.kind for permit in permits} == {"GRANT", "CONSENT"}
    for permit in permits:
        assert set(permit.items) <= fields
        assert set(permit.record_types) <= set(contract().types)
        assert set(permit.purposes) <= codes("purpose")
