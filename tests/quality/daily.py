"""Every rule that takes all that came of an entry (domain 5.1): counts that break it, and near ones that do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from databus.contract.catalogue import Contract
from databus.contract.entries import Check
from databus.quality import batch
from databus.quality.batch import Lapse
from databus.store.measures import Copy, Delivered, Filled, Run

CODE = "307004/000004"
TODAY = date(2026, 9, 10)
Asked = Callable[[Contract], Iterator[Lapse]]


@dataclass(frozen=True)
class Case:
    rule: str
    told: str
    asked: Asked

    def __str__(self) -> str:
        return f"{self.rule} {self.told}"


def filled(count: int, of: int, target: float = 0.6) -> Asked:
    return lambda contract: batch.unfilled(
        Filled(CODE, "legal_rep_name", count, of), Check("DQ-COM-03", "legal_rep_name", {"target": target}), contract
    )


def run(missing: tuple[int, ...], refused: int, *, dense: bool = True) -> Asked:
    def asked(contract: Contract) -> Iterator[Lapse]:
        kind = replace(contract.types["ADMIN_PENALTY"], dense=dense)
        told = replace(contract, types={**contract.types, kind.name: kind})
        return batch.gaps(Run(CODE, "ADMIN_PENALTY|1", "s", missing, len(missing), refused), told)

    return asked


def delivered(last: date, cycle: int, **entry: Any) -> Asked:
    def asked(contract: Contract) -> Iterator[Lapse]:
        changed = replace(contract.entries[CODE], update_cycle=cycle, **entry)
        return batch.silent(Delivered(CODE, last), TODAY, replace(contract, entries={**contract.entries, CODE: changed}))

    return asked


FAILS = [
    Case("DQ-COM-03", "59 of 100 where 60 % are asked", filled(59, 100)),
    Case("DQ-COM-03", "none of twenty", filled(0, 20)),
    Case("DQ-COM-04", "one number is missing", run((3,), 0)),
    Case("DQ-COM-04", "one more than were refused", run((3, 5), 1)),
    # 2026-09-10 is a Thursday; half a month has no holiday before it.
    Case("DQ-TIM-02", "daily, silent since Monday", delivered(date(2026, 9, 7), 2)),
    Case("DQ-TIM-02", "weekly, silent for twelve days", delivered(date(2026, 8, 29), 3)),
    Case("DQ-TIM-02", "monthly, silent for 47 days", delivered(date(2026, 7, 25), 4)),
    Case("DQ-TIM-02", "continuous, silent for eleven working days", delivered(date(2026, 8, 26), 1)),
    # National Day 2026 is free from 1 to 7 October; 20 September and 10 October are worked.
]
PASSES = [
    Case("DQ-COM-03", "60 of 100 where 60 % are asked", filled(60, 100)),
    Case("DQ-COM-03", "none of nineteen", filled(0, 19)),
    Case("DQ-COM-04", "the missing one was refused", run((3,), 1)),
    Case("DQ-COM-04", "the type is not dense", run((3,), 0, dense=False)),
    Case("DQ-TIM-02", "daily, silent since Tuesday", delivered(date(2026, 9, 8), 2)),
    Case("DQ-TIM-02", "weekly, silent for eleven days", delivered(date(2026, 8, 30), 3)),
    Case("DQ-TIM-02", "monthly, silent for 46 days", delivered(date(2026, 7, 26), 4)),
    Case("DQ-TIM-02", "continuous, silent for ten working days", delivered(date(2026, 8, 27), 1)),
    Case("DQ-TIM-02", "an entry that is no longer in force", delivered(date(2020, 1, 1), 2, valid_to=date(2026, 1, 1))),
]

ENDED_COPY: list[tuple[date, bool]] = [(date(2026, 9, 4), True), (date(2026, 9, 7), False)]
"""A copy of what the deciding source ended on that day (DQ-TIM-03, which one submission can break as well)."""


def copy(ended: date) -> Asked:
    return lambda contract: batch.standing(Copy(CODE, "ADMIN_PENALTY|1", "s", ended), TODAY, contract)
