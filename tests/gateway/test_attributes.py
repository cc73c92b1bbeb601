"""Attributes of a subject as callers have them: weighed from what was disclosed, whatever else there is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from databus.gateway.attributes import attributes_body
from databus.gateway.outward import record_id
from databus.model.labels import LabelClass, Standing, SubjectKind
from databus.store.rows import RecordRow, SubjectRow
from gateway.world import PLATFORM_KEY, USCC, contract, label

SUBJECT = SubjectRow("s", SubjectKind.ORGANISATION, "某", (("CN-USCI", USCC),))
REGISTRAR, TAXATION = "market-regulation", "taxation"
ENTRY = contract().attributes["attributes"]["name"]["authority"]["9"]


class Look:
    """A caller's records, each disclosed with these fields."""

    def __init__(self, subject: SubjectRow = SUBJECT) -> None:
        self.shown: list[Any] = []
        self.classes: dict[int, LabelClass] = {}
        self.subject = subject

    def see(self, record_type: str, key: str, department: str = TAXATION, *, entry: str = "", seq: int = 1, **more: Any) -> Look:
        standing = more.pop("standing", Standing.SHOWN)
        known = replace(label(record_type, owner=department, standing=standing), subject_kind=more.pop("kind", SubjectKind.ORGANISATION))
        self.classes[known.class_id] = known
        row = RecordRow(
            record_type, key, "s", "", {}, department, more.pop("system", "core"), standing, known.class_id, {}, None, None, None, None,
            0, "e", "s", entry, "", seq, more.pop("recorded_at", 0),
        )  # fmt: skip
        self.shown.append(_Shown(row, _Disclosed(more)))
        return self

    def registered(self, key: str, name: str, *, entry: str = ENTRY, **more: Any) -> Look:
        return self.see("LP_REGISTRATION", key, REGISTRAR, entry=entry, name=name, **more)

    def told(self, key: str, name: str, **more: Any) -> Look:
        return self.see("ADMIN_PENALTY", key, counterparty_name=name, **more)

    @property
    def body(self) -> dict[str, dict[str, Any]]:
        return attributes_body(self.subject, self.shown, self, contract(), platform_key=PLATFORM_KEY)  # type: ignore[arg-type]

    @property
    def name(self) -> tuple[str, str | None, list[str]] | None:
        told = self.body.get("name")
        return None if told is None else (told["status"], told["value"], [one["value"] for one in told["assertions"]])


class _Disclosed:
    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields


class _Shown:
    def __init__(self, row: RecordRow, disclosed: _Disclosed) -> None:
        self.row, self.disclosed = row, disclosed


def test_the_authority_s_value_stands_as_it_was_disclosed_beside_the_words_of_others() -> None:
    look = Look().registered("R", "甲**").told("a", "乙").told("b", "甲（公司）", system="two")
    assert look.body["name"] == {
        "status": "AUTHORITY",
        "value": "甲**",
        "source": {"department": REGISTRAR, "record": record_id("R", platform_key=PLATFORM_KEY), "field": "name"},
        "assertions": [
            {
                "value": value,
                "source": {"department": TAXATION, "record": record_id(key, platform_key=PLATFORM_KEY), "field": "counterparty_name"},
            }
            for key, value in (("a", "乙"), ("b", "甲（公司）"))
        ],
    }


def test_who_says_the_same_as_the_authority_is_not_repeated() -> None:
    assert Look().registered("R", "甲（公司）").told("a", "甲(公司)").name == ("AUTHORITY", "甲（公司）", [])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"a": "乙"}, ("PROVISIONAL", "乙", [])),
        ({"a": "乙", "b": "乙"}, ("PROVISIONAL", "乙", [])),
        ({"a": "乙", "b": "丙"}, ("CONTESTED", None, ["乙", "丙"])),
    ],
)
def test_without_the_authority_others_count_as_far_as_they_agree(words: dict[str, str], expected: Any) -> None:
    look = Look()
    for key, value in words.items():
        look.told(key, value)
    assert look.name == expected


def test_two_sources_that_agree_are_both_named() -> None:
    assert Look().told("a", "乙").told("b", "乙", department="transport").name == ("PROVISIONAL", "乙", ["乙"])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"entry": "307001/999999", "seq": 9}, {"seq": 1}),
        ({"seq": 1}, {"seq": 2}),
        ({"seq": 2, "recorded_at": 5}, {"seq": 2, "recorded_at": 6}),
    ],
    ids=["the nearer entry", "the higher seq", "written last"],
)
def test_of_two_words_of_the_authority(first: dict[str, Any], second: dict[str, Any]) -> None:
    for look in (
        Look().registered("1", "旧", **first).registered("2", "新", **second),
        Look().registered("2", "新", **second).registered("1", "旧", **first),
    ):
        assert look.name == ("AUTHORITY", "新", ["旧"])


@pytest.mark.parametrize("standing", [Standing.REVOKED, Standing.HELD, Standing.WAITING])
def test_a_record_that_does_not_count_says_nothing(standing: Standing) -> None:
    assert Look().registered("R", "甲", standing=standing).told("a", "乙").name == ("PROVISIONAL", "乙", [])


def test_persons_have_no_attributes() -> None:
    assert Look(replace(SUBJECT, kind=SubjectKind.PERSON)).told("a", "乙").body == {}
    assert Look().told("a", "乙", kind=SubjectKind.PERSON).name is None


def test_a_field_that_was_withheld_says_nothing() -> None:
    assert Look().see("LP_REGISTRATION", "R", REGISTRAR, entry=ENTRY, domicile="某地").name is None


def test_what_the_code_tells_is_cut_from_the_code() -> None:
    told = Look().body["organisation_code"]
    assert (told["status"], told["value"], told["source"]) == ("DERIVED", USCC[8:17], None)
    assert "organisation_code" not in Look(replace(SUBJECT, codes=())).body
