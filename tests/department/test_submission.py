"""One submission: its key, and what cannot become one."""

from __future__ import annotations

from typing import Any

import pytest

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.submission import compose, inbox_key
from databus.errors import Undecodable
from databus.model.keys import organisation_key

CODE = "91220000YYYY00012A"


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("envelope", {"op": "SEND"}),
        ("envelope", {"publication_class": "OPEN"}),
        ("envelope", {"source_seq": "x"}),
        ("payload", {"fine_yuan": "x"}),
        ("subject", {"kind": "COMPANY"}),
    ],
)
def test_what_does_not_fit_its_field_is_a_typed_refusal(contract: Contract, codec: Codec, part: str, value: dict[str, Any]) -> None:
    kind = contract.types["ADMIN_PENALTY"]
    cut: dict[str, Any] = {"subject": {"uscc": CODE}, "envelope": {}, "payload": {}}
    with pytest.raises(Undecodable):
        compose(
            {**cut, part: value},
            codec=codec,
            record_type=kind,
            entry=kind.entries[0],
            system="s",
            submission_id="i",
            seq=1,
            now=1,
            secret=b"s",
        )


def test_the_key_of_a_person_is_the_departments_own_and_tells_nothing() -> None:
    person = {"kind": "PERSON", "name": "某某", "id_type": "RIC", "id_number": "220000190001010018"}
    key = inbox_key(person, secret=b"a" * 32)
    assert key == inbox_key({**person, "id_number": "220000 19000101 0018"}, secret=b"a" * 32)
    assert key != inbox_key(person, secret=b"b" * 32)
    assert b"1900" not in key
    assert len(key) == 36


@pytest.mark.parametrize(
    ("subject", "scheme", "code"),
    [
        ({"uscc": CODE, "reg_no": "1"}, "CN-USCI", CODE),
        ({"reg_no": "1", "org_code": "2"}, "CN-REG", "1"),
        ({"org_code": "2"}, "CN-ORG", "2"),
        ({"tax_no": "3"}, "CN-TAX", "3"),
    ],
)
def test_the_key_of_an_organisation_is_that_of_its_best_code(subject: dict[str, str], scheme: str, code: str) -> None:
    assert inbox_key({"kind": "ORGANISATION", **subject}, secret=b"s") == organisation_key(code, scheme=scheme).encode()
