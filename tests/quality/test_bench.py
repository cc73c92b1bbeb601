"""Rows with known faults of every kind: exactly those are found, by row, field and rule; and the judge would notice others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import quality
from bench.quality.clean import stricter_here
from bench.quality.ledger import UNTIL, ledger, rules
from bench.quality.line import found
from bench.quality.row import Row
from databus.contract.catalogue import Contract
from databus.contract.entries import Check

ROWS, SEED = 2_500, 11


@pytest.fixture(scope="module")
def strict(contract: Contract) -> Contract:
    return stricter_here(contract)


@pytest.fixture(scope="module")
def rows(strict: Contract) -> list[Row]:
    return ledger(strict, rows=ROWS, seed=SEED)


def wanted(rows: list[Row]) -> set[tuple[str, str, str]]:
    return {(row.name, rule, field) for row in rows for rule, field in row.planted}


def test_exactly_the_planted_faults_are_found() -> None:
    told = quality.rows(submissions=ROWS, seed=SEED, scenario="")
    assert not [row for row in told if row.holds is False]
    assert {row.measure: row.value for row in told}["rows"] == ROWS


def test_every_rule_of_a_row_is_planted_and_one_row_in_twenty_has_a_fault(strict: Contract, rows: list[Row]) -> None:
    assert {rule for _, rule, _ in wanted(rows)} == set(rules(strict))
    assert 0.05 <= sum(bool(row.planted) for row in rows) / len(rows) < 0.1


def test_a_blind_check_and_a_careless_one_would_be_noticed(strict: Contract, rows: list[Row]) -> None:
    """One check is taken from every type, another holds back a little more than it should."""

    def stricter(check: Check) -> Check:
        low = check.params.get("min")
        return check if low is None else replace(check, params={**check.params, "min": low + 1})

    def changed(contract: Contract) -> Contract:
        types = {}
        for name, kind in contract.types.items():
            kept = [check for check in kind.checks if check.rule != "DQ-ACC-05"]
            # A penalty that is held would take other findings with it.
            types[name] = replace(kind, checks=tuple(kept if name == "ADMIN_PENALTY" else map(stricter, kept)))
        return replace(contract, types=types)

    seen, planted = found(rows, changed(strict), strict.codec(), until=UNTIL), wanted(rows)
    assert {rule for _, rule, _ in planted - seen} == {"DQ-ACC-05"}
    assert {rule for _, rule, _ in seen - planted} == {"DQ-ACC-09"}
