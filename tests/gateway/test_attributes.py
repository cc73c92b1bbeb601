"""Attributes of a subject as callers have them: values of disclosed records, and nothing of hidden ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from databus.contract.catalogue import load
from databus.gateway.attributes import attributes_body
from databus.gateway.outward import record_id
from databus.model.change import Assertion, AttributeState, Status
from databus.model.labels import SubjectKind
from databus.store.rows import SubjectRow

PLATFORM_KEY = b"p" * 32
CONTRACT = load(Path(__file__).parents[2] / "schemas")
SUBJECT = SubjectRow("s", SubjectKind.ORGANISATION, "某", (("CN-USCI", "91220000YYYY00012A"),))
REGISTERED = Assertion("market-regulation/core", "LP_REGISTRATION", "R", "name")
TOLD = [Assertion(f"taxation/{system}", "ADMIN_PENALTY", system, "counterparty_name") for system in "ab"]


@dataclass
class Seen:
    """A disclosed record."""

    row: Any
    disclosed: Any


def seen(record_type: str, record_key: str, **fields: str) -> Any:
    return Seen(SimpleNamespace(record_type=record_type, record_key=record_key), SimpleNamespace(fields=fields))


def body(state: AttributeState, *shown: Any) -> dict[str, Any] | None:
    return attributes_body((state,), SUBJECT, shown, CONTRACT, platform_key=PLATFORM_KEY).get(state.name)


def test_the_value_is_what_was_disclosed_of_the_record_it_stands_in() -> None:
    state = AttributeState("name", Status.AUTHORITY, REGISTERED, (TOLD[0],))
    told = body(state, seen("LP_REGISTRATION", "R", name="甲**"), seen("ADMIN_PENALTY", "a", counterparty_name="乙"))
    assert told == {
        "status": "AUTHORITY",
        "value": "甲**",
        "source": {"department": "market-regulation", "record": record_id("R", platform_key=PLATFORM_KEY), "field": "name"},
        "assertions": [
            {
                "value": "乙",
                "source": {"department": "taxation", "record": record_id("a", platform_key=PLATFORM_KEY), "field": "counterparty_name"},
            }
        ],
    }


def test_a_field_that_was_withheld_gives_no_attribute() -> None:
    assert body(AttributeState("name", Status.AUTHORITY, REGISTERED, ()), seen("LP_REGISTRATION", "R")) is None


def test_a_hidden_record_changes_nothing() -> None:
    hidden = AttributeState("name", Status.AUTHORITY, REGISTERED, tuple(TOLD))
    without = AttributeState("name", Status.PROVISIONAL, TOLD[0], (TOLD[1],))
    agreeing = [seen("ADMIN_PENALTY", system, counterparty_name="乙") for system in "ab"]
    assert body(hidden, *agreeing) == body(without, *agreeing)
    contested = AttributeState("name", Status.CONTESTED, None, tuple(TOLD))
    assert body(contested, agreeing[0]) == body(AttributeState("name", Status.PROVISIONAL, TOLD[0], ()), agreeing[0])


def test_a_contested_attribute_has_every_word_and_no_value() -> None:
    told = body(
        AttributeState("name", Status.CONTESTED, None, tuple(TOLD)),
        seen("ADMIN_PENALTY", "a", counterparty_name="乙"),
        seen("ADMIN_PENALTY", "b", counterparty_name="丙"),
    )
    assert told is not None and (told["value"], [one["value"] for one in told["assertions"]]) == (None, ["乙", "丙"])


def test_what_the_code_tells_is_cut_from_the_code() -> None:
    told = body(AttributeState("organisation_code", Status.DERIVED, None, ()))
    assert told is not None and (told["status"], told["value"]) == ("DERIVED", "YYYY00012")
