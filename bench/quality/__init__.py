"""`databus bench quality`: rows with known faults of every kind, and whether exactly those are found, by row, field and rule."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.quality.clean import stricter_here
from bench.quality.ledger import UNTIL, ledger, rules
from bench.quality.line import Found, found
from databus.cli.bench import Row
from databus.cli.output import aside
from databus.contract import catalogue
from databus.settings import Settings

ROWS = 100_000
_TOLD = 20


def rows(*, submissions: int, seed: int, scenario: str) -> list[Row]:
    """Precision and recall over all rows and rule by rule; what differs from the ledger is printed."""
    contract = stricter_here(catalogue.load(Settings().contracts))
    began, codec = time.monotonic(), contract.codec()
    planted = ledger(contract, rows=submissions or ROWS, seed=seed)
    wanted = {(row.name, rule, field) for row in planted for rule, field in row.planted}
    seen = found(planted, contract, codec, until=UNTIL)
    kinds = {row.name: row.record_type.name for row in planted}
    for word, differing in (("missed", wanted - seen), ("wrong", seen - wanted)):
        for name, rule, field in sorted(differing)[:_TOLD]:
            aside().print(f"{word}: {rule} {field} of {kinds.get(name, 'nothing')} {name}")
    faulty = sum(bool(row.planted) for row in planted)
    return [
        Row("rows", len(planted), "", "", None),
        Row("rows with a fault", faulty, "", "5 %", faulty * 20 >= len(planted)),
        *_ratios("all rules", wanted, seen),
        *(one for rule in rules(contract) for one in _ratios(rule, _of(wanted, rule), _of(seen, rule))),
        Row("all of it", time.monotonic() - began, "s", "", None),
    ]


def _of(told: set[Found], rule: str) -> set[Found]:
    return {one for one in told if one[1] == rule}


def _ratios(name: str, wanted: set[Found], seen: set[Found]) -> Iterator[Row]:
    """Precision and recall; a rule of which nothing was planted has not been shown."""
    right = len(wanted & seen)
    yield Row(
        f"{name}: precision of {len(seen):,} findings", right / len(seen) if seen else 0.0, "", "1", bool(seen) and right == len(seen)
    )
    yield Row(
        f"{name}: recall of {len(wanted):,} faults", right / len(wanted) if wanted else 0.0, "", "1", bool(wanted) and right == len(wanted)
    )
