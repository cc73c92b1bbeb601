"""`databus bench chaos`: the whole line under faults, held against an oracle that is computed outside it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.chaos.run import Ran, Telling, line, run
from bench.chaos.scenarios import SCENARIOS, SINGLE
from bench.chaos.verdict import KINDS
from databus.cli.bench import Row
from databus.cli.output import aside
from databus.errors import NotFound

SUBMISSIONS = 200_000


def rows(*, submissions: int, seed: int, scenario: str) -> list[Row]:
    """One scenario, some with commas between, or all; one after the other on one line.

    Raises:
        NotFound: there is no such scenario.
    """
    names = scenario.split(",") if scenario else list(SINGLE)
    for name in names:
        if name not in SCENARIOS:
            raise NotFound(f"no scenario is named {name}; there are {', '.join(SCENARIOS)}", scenario=name)
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="databus-chaos-") as folder, line(Path(folder)) as on:
        for name in dict.fromkeys(names):
            with _telling(name) as tell:
                ran = run(name, on, submissions=submissions or SUBMISSIONS, seed=seed, tell=tell)
            for kind, examples in ran.verdict.examples.items():
                for example in examples:
                    aside().print(f"{name}: {kind}: {example}")
            found += _rows(name, ran)
    return found


@contextmanager
def _telling(name: str) -> Iterator[Telling]:
    """A bar where somebody looks, and elsewhere a line for each thing that is begun."""
    out, begun = aside(), ""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, disable=not out.is_terminal) as progress:
        task = progress.add_task(name, total=None)

        def tell(what: str, done: int, total: int) -> None:
            nonlocal begun
            if what != begun and not out.is_terminal:
                out.print(f"{name} {what}")
            begun = what
            progress.update(task, description=f"{name} {what}", completed=done, total=total or None)

        yield tell


def _rows(name: str, ran: Ran) -> Iterator[Row]:
    for kind in KINDS:
        count = ran.verdict.found[kind]
        yield Row(f"{name}: {kind} of {ran.submissions:,} submissions", count, "", "0", count == 0)
    yield Row(f"{name}: faults", ran.faults, "", "> 0", ran.faults > 0)
    yield Row(f"{name}: events repeated under their ids", ran.verdict.noted["events repeated"], "", "", None)
    yield Row(f"{name}: answers of the gateway, each in the trail", ran.disclosed, "", "> 0", ran.disclosed > 0)
    yield Row(f"{name}: all of it, on {os.cpu_count()} cores under a load of {os.getloadavg()[0]:.1f}", ran.seconds, "s", "", None)
