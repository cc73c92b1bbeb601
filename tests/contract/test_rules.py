"""Rule sets: publicity and retention of domain 2.16, and the switch of 2026-04-01."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.contract.rules import Lifecycle, RuleSets, load
from databus.errors import BadContract

FOLDER = Path(__file__).parents[2] / "schemas" / "rules"
RULES = load(FOLDER)
TRANSPORT, MARKET, SAFETY = "11220000YYYX00054A", "11220000YYYX00011W", "11220000YYYX00046F"
SWITCH = date(2026, 4, 1)
NOW = date(2026, 9, 1)


def penalty(
    decided: date | None, *, authority: str = TRANSPORT, kinds: tuple[str, ...] = ("FINE",), fine: int = 2000, **more: Any
) -> dict[str, Any]:
    payload = {
        "decided_at": decided,
        "authority_uscc": authority,
        "penalty_kinds": list(kinds),
        "fine_yuan": Decimal(fine),
        "procedure": "02",
    }
    return {"envelope": {"severity": None, "decided_at": None}, "payload": {**payload, **more}}


def judge(content: dict[str, Any], day: date = NOW, record_type: str = "ADMIN_PENALTY") -> Lifecycle:
    return RULES.lifecycle(record_type, content, day)


@pytest.mark.parametrize(
    ("content", "severity"),
    [
        (penalty(NOW), "GENERAL"),
        (penalty(NOW, procedure="01"), "LIGHT"),
        (penalty(NOW, kinds=("WARNING", "CRITICISM")), "LIGHT"),
        (penalty(NOW, kinds=("WARNING", "FINE")), "GENERAL"),
        (penalty(NOW, kinds=("REVOKE_LICENCE",)), "SERIOUS"),
        (penalty(NOW, fine=1_000_001), "SERIOUS"),
        (penalty(NOW, fine=1_000_000), "GENERAL"),
        (penalty(NOW, kinds=()), "GENERAL"),
        (penalty(NOW, severity="LIGHT", kinds=("CLOSE",)), "LIGHT"),
        (penalty(NOW, severity="UNHEARD"), "GENERAL"),
    ],
)
def test_severity_is_the_sources_or_follows_from_the_penalty(content: dict[str, Any], severity: str) -> None:
    assert judge(content).severity == severity


def test_general_penalties_are_shown_for_a_year() -> None:
    life = judge(penalty(date(2026, 5, 31)))
    assert life == Lifecycle("PUB-2026-GENERAL", "GENERAL", date(2027, 5, 31), date(2031, 6, 1), date(2026, 8, 31), True)


def test_serious_penalties_are_shown_for_three_years() -> None:
    life = judge(penalty(date(2026, 5, 1), kinds=("REVOKE_LICENCE",)))
    assert (life.rule, life.min_until, life.shown_until) == ("PUB-2026-SERIOUS", date(2027, 5, 1), date(2029, 5, 1))


def test_light_penalties_are_not_published() -> None:
    life = judge(penalty(date(2026, 5, 1), procedure="01"))
    assert (life.rule, life.publish, life.min_until) == ("PUB-2026-LIGHT", False, None)


def test_the_switch_hides_a_published_light_penalty() -> None:
    content = penalty(date(2025, 12, 1), procedure="01")
    before, after = judge(content, SWITCH - timedelta(days=1)), judge(content, SWITCH)
    assert (before.rule, before.publish) == ("PUB-2023", True)
    assert (after.rule, after.publish) == ("PUB-2026-LIGHT", False)


def test_the_switch_never_makes_a_rule_harsher() -> None:
    low = penalty(date(2026, 2, 1), authority=MARKET)
    assert judge(low, SWITCH).rule == "PUB-SAMR45-LOW" and judge(low, SWITCH).shown_until == date(2026, 5, 1)
    old = penalty(date(2022, 1, 1), kinds=("REVOKE_LICENCE",))
    assert judge(old, SWITCH).rule == "PUB-2018-SERIOUS"


@given(
    st.dates(date(2016, 5, 25), date(2026, 3, 31)),
    st.sampled_from([TRANSPORT, MARKET, SAFETY]),
    st.sets(st.sampled_from(["FINE", "WARNING", "CRITICISM", "REVOKE_LICENCE", "CONFISCATE_GOODS"]), min_size=1),
    st.integers(0, 5_000_000),
    st.sampled_from(["01", "02"]),
)
def test_milder_in_every_case(decided: date, authority: str, kinds: set[str], fine: int, procedure: str) -> None:
    content = penalty(decided, authority=authority, kinds=tuple(kinds), fine=fine, procedure=procedure)
    before, after = judge(content, SWITCH - timedelta(days=1)), judge(content, SWITCH)
    assert after.publish <= before.publish
    if after.publish:
        assert before.shown_until is not None and after.shown_until is not None and after.shown_until <= before.shown_until


def test_market_regulators_do_not_publish_warnings() -> None:
    warned = penalty(date(2024, 1, 1), authority=MARKET, kinds=("WARNING",))
    assert not judge(warned, date(2024, 2, 1)).publish
    firm = judge(penalty(date(2024, 1, 1), authority=MARKET, kinds=("SUSPEND_BUSINESS", "FINE")), date(2024, 2, 1))
    assert firm.min_until == firm.shown_until == date(2027, 1, 1)


def test_safety_penalties_stay_a_year_at_least() -> None:
    assert judge(penalty(date(2024, 1, 1), authority=SAFETY), date(2024, 2, 1)).min_until == date(2025, 1, 1)


def test_a_set_can_be_named_for_a_replay() -> None:
    content = penalty(date(2026, 5, 1))
    assert RULES.lifecycle("ADMIN_PENALTY", content, NOW, rule_set="JL-2016").rule == "PUB-2023"
    with pytest.raises(BadContract, match="JL-1999"):
        RULES.lifecycle("ADMIN_PENALTY", content, NOW, rule_set="JL-1999")


def test_a_record_has_a_term_for_each_set_that_judges_its_type_in_its_own_way() -> None:
    assert [term.since for term in RULES.terms("ADMIN_PENALTY", penalty(date(2026, 1, 1)))] == [date.min, SWITCH]
    assert [term.since for term in RULES.terms("ADMIN_LICENCE", {"envelope": {}, "payload": {}})] == [date.min]


def test_a_penalty_without_a_day_is_not_published() -> None:
    life = judge(penalty(None))
    assert not life.publish and life.shown_until is None


def licence(**payload: Any) -> Lifecycle:
    return judge({"envelope": {}, "payload": payload}, record_type="ADMIN_LICENCE")


def test_licences_are_shown_while_they_are_valid() -> None:
    decided = date(2024, 2, 29)
    assert licence(decided_at=decided, valid_to=date(2026, 8, 31)).shown_until == date(2026, 8, 31)
    assert licence(decided_at=decided, valid_to=date(2099, 12, 31)).shown_until is None
    assert licence(decided_at=decided, valid_to=None).shown_until == date(2031, 2, 28)
    assert licence(decided_at=decided, valid_to=date(2099, 12, 31)).publish


def abnormal(**payload: Any) -> Lifecycle:
    return judge({"envelope": {}, "payload": {"listed_on": date(2025, 7, 1), **payload}}, record_type="ABNORMAL_OPERATION")


def test_abnormal_operation_is_shown_until_removed() -> None:
    assert abnormal().shown_until is None and abnormal().publish
    removed = abnormal(removed_on=date(2026, 3, 1))
    assert removed.shown_until == date(2026, 2, 28) and removed.archived_from == date(2031, 3, 2)
    assert not abnormal(recovered=True).publish


def test_registrations_are_shown_until_five_years_after_their_end() -> None:
    def registration(**payload: Any) -> Lifecycle:
        return judge({"envelope": {}, "payload": {"established_on": date(1980, 1, 1), **payload}}, record_type="LP_REGISTRATION")

    assert registration(reg_state="ACTIVE").shown_until is None
    assert registration(reg_state="REVOKED", ended_on=date(2020, 1, 1)).shown_until is None
    ended = registration(reg_state="CANCELLED", ended_on=date(2020, 1, 1))
    assert (ended.shown_until, ended.archived_from) == (date(2025, 1, 1), date(2025, 1, 2))
    assert registration().severity == ""


def test_a_type_without_rules_is_shown() -> None:
    assert judge({"envelope": {}, "payload": {}}, record_type="UNHEARD") == Lifecycle("", "", None, None, None, True)


def test_every_rule_says_where_it_comes_from() -> None:
    for rules in RULES.sets:
        assert all(rule.citation and rule.mark in {"law", "page", "code", "mem", "design", "directive"} for rule in rules.rules)


MINIMAL = """
id: X
names: {zh: 甲, en: x}
severity: {record_types: [], given: [], classes: []}
rules:
  - {id: R, record_types: [T], when: %s, start: [payload.on], max: %s, citation: c, mark: design}
"""


@pytest.mark.parametrize(
    ("when", "length"),
    [
        ("{field: a, resembles: b}", "{years: 1}"),
        ("{field: a}", "{years: 1}"),
        ("{all: 3}", "{years: 1}"),
        ("3", "{years: 1}"),
        ("{}", "{days: 3}"),
        ("{}", "{years: -1}"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(tmp_path: Path, when: str, length: str) -> None:
    (tmp_path / "X.yaml").write_text(MINIMAL % (when, length))
    with pytest.raises(BadContract, match=r"rules/X\.yaml"):
        load(tmp_path)


def test_a_rule_without_citation_is_refused(tmp_path: Path) -> None:
    (tmp_path / "X.yaml").write_text((MINIMAL % ("{}", "{years: 1}")).replace("citation: c, ", ""))
    with pytest.raises(BadContract, match="citation"):
        load(tmp_path)


def test_periods_beyond_the_calendar_end_with_it(tmp_path: Path) -> None:
    (tmp_path / "X.yaml").write_text(MINIMAL % ("{}", "{years: 9000}"))
    life = load(tmp_path).lifecycle("T", {"payload": {"on": date(2026, 1, 1)}}, NOW)
    assert isinstance(load(tmp_path), RuleSets) and life.shown_until == date.max
