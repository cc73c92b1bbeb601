"""`databus bench`: measurements, each with its goal; a stack of its own, ended afterwards."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
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
from databus.settings import CHECKOUT

SUBMISSIONS = 20_000


@dataclass(frozen=True, slots=True)
class Row:
    """One measure. `holds` is None where this machine cannot tell, `value` where it could not measure."""

    measure: str
    value: float | None
    unit: str
    goal: str
    holds: bool | None


def bench(
    name: Annotated[str, typer.Argument(help="line, or a folder of bench/")] = "line",
    submissions: Annotated[int, typer.Option("--submissions", min=0, help="size of the load [default: the bench's own]")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="another seed, other faults")] = sample.SEED,
    scenario: Annotated[str, typer.Option("--scenario", help="only this one of a bench that has several")] = "",
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Measure and print a table: measure, value, unit, goal, whether it holds."""
    rows = _measured(name, submissions, seed, scenario)
    if as_document:
        print(as_json({"rows": rows, "cores": os.cpu_count(), "load": os.getloadavg()[0]}))
    else:
        told = [(row.measure, _shown(row.value), row.unit, row.goal, {True: "yes", False: "no", None: "–"}[row.holds]) for row in rows]
        console().print(
            table(
                f"bench {name}: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", ("measure", "value", "unit", "goal", "holds"), told
            )
        )
    return 0 if all(row.holds is not False for row in rows) else 1


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.1f}" if abs(value) >= 10 or value == int(value) else f"{value:.3g}"


def _measured(name: str, submissions: int, seed: int, scenario: str) -> list[Row]:
    if name in BENCHES:
        with _line() as here:
            return BENCHES[name](here, submissions or SUBMISSIONS)
    own = _of_checkout()
    if name not in own:
        raise NotFound(f"no bench is named {name}; there are {', '.join((*BENCHES, *own))}", name=name)
    rows: list[Row] = import_module(f"bench.{name}").rows(submissions=submissions, seed=seed, scenario=scenario)
    return rows


def _of_checkout() -> tuple[str, ...]:
    """The benches in `bench/`, which needs what no installation has: importable from here on."""
    folder = CHECKOUT / "bench"
    if str(CHECKOUT) not in sys.path:
        sys.path.append(str(CHECKOUT))
    return tuple(sorted(place.parent.name for place in folder.glob("*/__init__.py")))


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
