"""`databus bench`: measurements, each with its goal; a stack of its own, ended afterwards."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from databus.bootstrap.parts import now
from databus.cli import sample
from databus.cli.output import as_json, aside, console, table
from databus.cli.session import Session, session
from databus.contract import catalogue
from databus.errors import NotFound
from databus.local import stack
from databus.local.aside import settings_aside


@dataclass(frozen=True, slots=True)
class Row:
    """One measure. `holds` is None where this machine cannot tell."""

    measure: str
    value: float
    unit: str
    goal: str
    holds: bool | None


def bench(
    name: Annotated[str, typer.Argument(help="line")] = "line",
    submissions: Annotated[int, typer.Option("--submissions", min=100, help="size of the load")] = 20_000,
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Measure and print a table: measure, value, unit, goal, whether it holds."""
    if name not in BENCHES:
        raise NotFound(f"no bench is named {name}; there are {', '.join(BENCHES)}", name=name)
    with _line() as here:
        rows = BENCHES[name](here, submissions)
    if as_document:
        print(as_json({"rows": rows, "cores": os.cpu_count(), "load": os.getloadavg()[0]}))
    else:
        told = [(row.measure, f"{row.value:,.1f}", row.unit, row.goal, {True: "yes", False: "no", None: "–"}[row.holds]) for row in rows]
        console().print(
            table(
                f"bench {name}: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", ("measure", "value", "unit", "goal", "holds"), told
            )
        )
    return 0 if all(row.holds is not False for row in rows) else 1


@contextmanager
def _line() -> Iterator[Session]:
    with tempfile.TemporaryDirectory(prefix="databus-bench-") as folder:
        settings = settings_aside(Path(folder) / "home")
        departments = tuple(catalogue.load(settings.contracts).departments)
        with stack.up(settings, departments=departments, console=aside()):
            yield session(settings)


def _through(here: Session, submissions: int) -> list[Row]:
    """The sample province from its departments to PostgreSQL, all stages at once."""
    sample.send(here, subjects=max(1, submissions // 100), submissions=submissions // 10, seed=1, as_of=now().date())
    began = time.monotonic()
    sample.send(here, subjects=max(1, submissions // 10), submissions=submissions, seed=sample.SEED, as_of=now().date())
    seconds = time.monotonic() - began
    return [
        Row(f"{submissions:,} submissions through all stages", seconds, "s", "< 60 s for 20,000", seconds * 20_000 / submissions < 60),
        Row("rate", submissions / seconds, "submissions/s", "", None),
    ]


BENCHES: dict[str, Callable[[Session, int], list[Row]]] = {"line": _through}
