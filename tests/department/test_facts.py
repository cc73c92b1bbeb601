"""Facts of a department's own program as submissions."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.facts import Facts
from databus.department.submission import Submission
from databus.errors import Unprocessable

FACT: dict[str, Any] = {
    "uscc": "91220000YYYY00012A",
    "counterparty_name": "某某公司",
    "counterparty_kind": "LEGAL_PERSON",
    "fine_yuan": Decimal("1.50"),
    "decided_at": date(2026, 11, 9),
}


@pytest.fixture
def facts(contract: Contract, codec: Codec) -> Facts:
    return Facts("emergency", "cases", contract=contract, codec=codec, secret=b"s" * 32)


def test_a_fact_is_a_submission_under_its_number(facts: Facts, codec: Codec) -> None:
    made = facts.submission("ADMIN_PENALTY", FACT, seq=7, at=1_795_400_000_000)
    name, told = codec.decode(made.value)
    assert (name, told["payload"]["fine_yuan"], told["payload"]["decided_at"]) == (
        "databus.ADMIN_PENALTY",
        Decimal("1.50"),
        date(2026, 11, 9),
    )
    assert (told["envelope"]["source_seq"], told["envelope"]["recorded_at"]) == (7, 1_795_400_000_000)
    assert facts.submission("ADMIN_PENALTY", FACT, seq=7, at=1_795_400_000_000) == made, "a repeat is the same"
    assert facts.submission("ADMIN_PENALTY", FACT, seq=8, at=1_795_400_000_000).submission_id != made.submission_id


def test_subject_and_envelope_say_the_rest(facts: Facts, codec: Codec) -> None:
    told = {**FACT, "envelope": {"op": "CORRECT", "reason": "笔误"}, "subject": {"name": "某某"}}
    _, read = codec.decode(facts.submission("ADMIN_PENALTY", told, seq=1, at=1).value)
    assert (read["envelope"]["op"], read["envelope"]["subject"]["name"]) == ("CORRECT", "某某")


@pytest.mark.parametrize(
    ("record_type", "change", "entry"),
    [
        ("ADMIN_PENALTY", {"decided_at": "someday"}, None),
        ("ADMIN_PENALTY", {"no_such_field": "x"}, None),
        ("ADMIN_PENALTY", {"fine_yuan": "much"}, None),
        ("ADMIN_PENALTY", {"envelope": {"secrecy": "MIMI"}}, None),
        ("ADMIN_PENALTY", {}, "307001/000001"),
        ("LP_REGISTRATION", {}, None),
        ("NO_SUCH_TYPE", {}, None),
    ],
    ids=["a day", "a field", "an amount", "a secret", "another's entry", "another's type", "no type"],
)
def test_what_does_not_fit_is_told(facts: Facts, record_type: str, change: dict[str, Any], entry: str | None) -> None:
    with pytest.raises(Unprocessable) as refused:
        facts.submission(record_type, {**FACT, **change}, seq=1, at=1, entry=entry)
    assert refused.value.facts["remarks"]


def test_text_that_is_no_fact_is_told(facts: Facts) -> None:
    for text in ("", "[]", "{", json.dumps({"decided_at": "\ud800"})):
        assert not isinstance(facts.prepared("ADMIN_PENALTY", text, seq=1, at=1), Submission)
