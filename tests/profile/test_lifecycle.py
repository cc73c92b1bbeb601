"""The shipped rule sets as the profile asks them: what stands on a day, and the next day on which time changes it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from databus.contract.catalogue import Contract, load
from databus.model.labels import Standing
from databus.profile.lifecycle import EPOCH, rules_of
from databus.profile.standing import Phase

ROOT = Path(__file__).parents[2] / "schemas"
SHOWN, HIDDEN, ARCHIVED = Standing.SHOWN, Standing.HIDDEN, Standing.ARCHIVED


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load(ROOT)


def phase(contract: Contract, record_type: str, payload: dict[str, Any], day: date) -> Phase:
    return rules_of(contract)(record_type, {"envelope": {}, "payload": payload}, day.toordinal() - EPOCH)


def told(contract: Contract, record_type: str, payload: dict[str, Any], day: date) -> tuple[Standing, date | None]:
    stand = phase(contract, record_type, payload, day).stand
    return stand.standing, None if stand.wake is None else date.fromordinal(stand.wake + EPOCH)


def penalty(decided_at: date, *, fine: int = 20_000, kinds: tuple[str, ...] = ("FINE",), procedure: str = "02") -> dict[str, Any]:
    """A penalty of the ecology department."""
    return {
        "authority_uscc": "11220000YYYX00038L",
        "decided_at": decided_at,
        "fine_yuan": Decimal(fine),
        "penalty_kinds": list(kinds),
        "procedure": procedure,
    }


def test_a_general_penalty_is_shown_for_a_year_then_hidden_then_archived(contract: Contract) -> None:
    fact = penalty(date(2026, 5, 10))
    assert told(contract, "ADMIN_PENALTY", fact, date(2026, 5, 20)) == (SHOWN, date(2027, 5, 11))
    assert told(contract, "ADMIN_PENALTY", fact, date(2027, 5, 11)) == (HIDDEN, date(2031, 5, 11))
    assert told(contract, "ADMIN_PENALTY", fact, date(2031, 5, 11)) == (ARCHIVED, None)


def test_a_light_penalty_is_hidden_from_the_first_day_and_flagged(contract: Contract) -> None:
    fact = penalty(date(2026, 5, 10), procedure="01")
    assert told(contract, "ADMIN_PENALTY", fact, date(2026, 5, 20)) == (HIDDEN, date(2031, 5, 11))
    assert phase(contract, "ADMIN_PENALTY", fact, date(2026, 5, 20)).stand.flags == ("light",)


def test_the_switch_of_rule_sets_hides_a_published_light_penalty(contract: Contract) -> None:
    fact = penalty(date(2026, 2, 1), procedure="01")
    assert told(contract, "ADMIN_PENALTY", fact, date(2026, 3, 31)) == (SHOWN, date(2026, 4, 1))
    assert told(contract, "ADMIN_PENALTY", fact, date(2026, 4, 1))[0] is HIDDEN


def test_a_switch_is_a_wake_day_only_for_what_it_moves_or_puts_under_another_rule(contract: Contract) -> None:
    fact = penalty(date(2025, 6, 1))
    assert told(contract, "ADMIN_PENALTY", fact, date(2026, 3, 1)) == (SHOWN, date(2026, 4, 1))
    assert told(contract, "ADMIN_PENALTY", fact, date(2026, 4, 1)) == (SHOWN, date(2026, 6, 2))
    assert phase(contract, "ADMIN_PENALTY", fact, date(2026, 3, 1)).stand.rule == "PUB-2023"
    assert phase(contract, "ADMIN_PENALTY", fact, date(2026, 4, 1)).stand.rule == "PUB-2026-GENERAL"
    licence = {"decided_at": date(2024, 1, 5), "valid_from": date(2024, 1, 5), "valid_to": date(2027, 1, 4)}
    assert told(contract, "ADMIN_LICENCE", licence, date(2026, 3, 1)) == (SHOWN, date(2027, 1, 5))


def test_from_the_switch_on_the_milder_of_old_and_new_rule_holds(contract: Contract) -> None:
    longer_before = penalty(date(2024, 6, 1))
    assert told(contract, "ADMIN_PENALTY", longer_before, date(2026, 3, 31)) == (SHOWN, date(2026, 4, 1))
    assert told(contract, "ADMIN_PENALTY", longer_before, date(2026, 4, 1))[0] is HIDDEN
    shorter_before = penalty(date(2023, 4, 1), fine=20_000)
    assert told(contract, "ADMIN_PENALTY", shorter_before, date(2026, 4, 1))[0] is HIDDEN


def test_a_repair_may_take_effect_the_day_after_the_minimum(contract: Contract) -> None:
    repairable = phase(contract, "ADMIN_PENALTY", penalty(date(2026, 5, 10)), date(2026, 5, 20)).repairable
    assert repairable is not None
    assert date.fromordinal(repairable + EPOCH) == date(2026, 8, 11)


def test_a_licence_is_shown_while_it_is_valid(contract: Contract) -> None:
    fact = {"decided_at": date(2024, 1, 5), "valid_from": date(2024, 1, 5), "valid_to": date(2027, 1, 4)}
    assert told(contract, "ADMIN_LICENCE", fact, date(2026, 1, 1)) == (SHOWN, date(2027, 1, 5))
    assert told(contract, "ADMIN_LICENCE", fact, date(2027, 1, 5)) == (HIDDEN, None)


def test_a_licence_without_an_end_wakes_nobody(contract: Contract) -> None:
    fact = {"decided_at": date(2024, 1, 5), "valid_from": date(2024, 1, 5), "valid_to": date(2099, 12, 31)}
    assert told(contract, "ADMIN_LICENCE", fact, date(2024, 2, 1)) == (SHOWN, None)


def test_a_standing_listing_and_a_registration_last(contract: Contract) -> None:
    assert told(contract, "ABNORMAL_OPERATION", {"listed_on": date(2023, 7, 1)}, date(2024, 2, 1)) == (SHOWN, None)
    assert told(contract, "LP_REGISTRATION", {"established_on": date(2001, 7, 1)}, date(2024, 2, 1)) == (SHOWN, None)


@pytest.mark.parametrize("decided_at", [date(2020, 2, 29), date(2022, 12, 31), date(2025, 1, 1), date(2026, 4, 1)])
@pytest.mark.parametrize("kinds", [("FINE",), ("WARNING",), ("REVOKE_LICENCE", "FINE")])
def test_the_wake_day_is_the_very_next_day_on_which_anything_told_differs(
    contract: Contract, decided_at: date, kinds: tuple[str, ...]
) -> None:
    fact, day = penalty(decided_at, kinds=kinds), decided_at

    def stand(at: date) -> tuple[object, ...]:
        found = phase(contract, "ADMIN_PENALTY", fact, at).stand
        return found.standing, found.rule, found.flags

    while True:
        standing, wake = told(contract, "ADMIN_PENALTY", fact, day)
        last = decided_at.replace(year=decided_at.year + 6, day=1) if wake is None else wake
        probes = (day + timedelta(days=step) for step in range((last - day).days))
        assert {stand(probe) for probe in probes} <= {stand(day)}
        if wake is None:
            break
        assert stand(wake) != stand(day)
        day = wake
    assert standing is ARCHIVED
