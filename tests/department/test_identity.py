"""Files in the contract's own columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from databus.contract.catalogue import Contract
from databus.department import mapping
from databus.department.reading import apply
from databus.errors import BadMapping


def cut_of(contract: Contract, name: str, row: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    kind = contract.types[name]
    cut, defects = apply(mapping.identity(kind, kind.entries[0], frozenset(row)), row, contract)
    assert not defects
    return cut


def test_the_type_says_whom_a_row_is_about(contract: Contract) -> None:
    row = {
        "counterparty_kind": "自然人",
        "counterparty_name": "某某",
        "person_id_type": "RIC",
        "person_id_no": "1",
        "decided_at": "2026-01-02",
    }
    cut = cut_of(contract, "ADMIN_PENALTY", row)
    assert cut["subject"] == {"kind": "PERSON", "name": "某某", "id_type": "RIC", "id_number": "1"}
    assert cut["envelope"] == {"decided_at": date(2026, 1, 2)}
    assert cut["payload"]["counterparty_kind"] == "NATURAL_PERSON"


def test_what_the_row_says_itself_goes_before(contract: Contract) -> None:
    row = {"name": "甲", "subject.name": "乙", "subject.kind": "HOUSEHOLD", "envelope.publication_class": "AUTHORISED"}
    cut = cut_of(contract, "LP_REGISTRATION", row)
    assert cut["subject"] == {"name": "乙", "kind": "HOUSEHOLD"}
    assert cut["envelope"] == {"publication_class": "AUTHORISED"}


@pytest.mark.parametrize(
    ("column", "meant"), [("nmae", "name"), ("envelope.publication_clas", "envelope.publication_class"), ("列", "mapping file")]
)
def test_a_column_the_contract_does_not_have_is_named_rather_than_lost(contract: Contract, column: str, meant: str) -> None:
    kind = contract.types["LP_REGISTRATION"]
    with pytest.raises(BadMapping, match=meant) as caught:
        mapping.identity(kind, kind.entries[0], frozenset({"name", column}))
    assert caught.value.facts["column"] == column
