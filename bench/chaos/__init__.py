"""`databus bench chaos`: the whole line under faults, held against an oracle that is computed outside it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.chaos.run import Ran, run
from bench.chaos.scenarios import SCENARIOS
from bench.chaos.verdict import KINDS
from databus.cli.bench import Row
from databus.cli.output import aside
from databus.errors import NotFound

SUBMISSIONS = 200_000


def rows(*, submissions: int, seed: int, scenario: str) -> list[Row]:
    """One scenario, or all of them one after the other; each on a stack of its own.

    Raises:
        NotFound: there is no such scenario.
    """
    if scenario and scenario not in SCENARIOS:
        raise NotFound(f"no scenario is named {scenario}; there are {', '.join(SCENARIOS)}", scenario=scenario)
    found: list[Row] = []
    for name in [scenario] if scenario else SCENARIOS:
        with tempfile.TemporaryDirectory(prefix="databus-chaos-") as folder:
            ran = run(name, Path(folder), submissions=submissions or SUBMISSIONS, seed=seed)
        for kind, examples in ran.verdict.examples.items():
            for example in examples:
                aside().print(f"{name}: {kind}: {example}", markup=False)
        found += _rows(name, ran)
    return found


def _rows(name: str, ran: Ran) -> Iterator[Row]:
    for kind in KINDS:
        count = ran.verdict.found[kind]
        yield Row(f"{name}: {kind} of {ran.submissions:,} submissions", count, "", "0", count == 0)
    done = sum(ran.struck.values()) + sum(ran.ended.values())
    yield Row(f"{name}: faults", done, "", "> 0", done > 0)
    yield Row(f"{name}: events repeated under their ids", ran.verdict.noted["events repeated"], "", "", None)
    yield Row(f"{name}: answers of the gateway, each in the trail", ran.disclosed, "", "", None)
    yield Row(f"{name}: all of it", ran.seconds, "s", "", None)
