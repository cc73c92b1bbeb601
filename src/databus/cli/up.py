"""`databus up`: the whole line on this machine, with a province in it and a tour of it."""

from __future__ import annotations

from typing import Annotated

import typer

from databus.bootstrap.parts import now
from databus.cli import sample, status, tour, walk
from databus.cli.output import aside, console
from databus.cli.session import Session, session
from databus.contract import catalogue
from databus.local import stack
from databus.local.running import Running
from databus.settings import CHECKOUT, Settings
from databus.store import reconciliation
from databus.testing.province import ledger


def up(
    detach: Annotated[bool, typer.Option("--detach", help="return once everything is ready and leave it running")] = False,
    leave: Annotated[bool, typer.Option("--exit", help="stop again after the tour")] = False,
    empty: Annotated[bool, typer.Option("--empty", help="load no sample province")] = False,
    subjects: Annotated[int, typer.Option("--subjects", min=1, help="size of the sample province")] = sample.SUBJECTS,
) -> int:
    """Start Kafka, OPA, PostgreSQL and every process; load the sample province once; show one event's way and the state."""
    settings = Settings()
    departments = tuple(catalogue.load(settings.contracts).departments)
    try:
        with stack.up(settings, departments=departments, console=aside(), detach=detach) as running:
            here = session(settings)
            _fill(here, subjects, empty=empty)
            _tell(here)
            if leave:
                return 0
            _serve(running, here, detach=detach)
    except KeyboardInterrupt:
        console().print("Stopped.")
    return 0


def _fill(here: Session, subjects: int, *, empty: bool) -> None:
    if empty or here.ask(reconciliation.places):
        return
    sample.send(here, subjects=subjects, submissions=subjects * 10, seed=sample.SEED, as_of=now().date())
    sample.until_today(here)


def _tell(here: Session) -> None:
    out = console()
    out.print()
    place = sample.path(here)
    if place.exists():
        chosen = tour.chosen(here, ledger.read(place))
        tour.visit(here, chosen)
        walk.show(out, here, chosen.submission_id)
        out.print()
    lags, totals = status.measured(here)
    status.show(out, stack.status(here.settings), lags, totals, told_time=status.told_time(here))
    if place.exists():
        tour.ready_lines(out, here, chosen)
    out.print()
    out.print(f'Put `databus` on the PATH:  export PATH="{CHECKOUT}/.venv/bin:$PATH"')


def _serve(running: Running, here: Session, *, detach: bool) -> None:
    if detach:
        console().print("Running. `databus status` shows it, `databus down` ends it.")
        return
    console().print(f"Serving at {here.gateway} until Ctrl-C.")
    running.wait()
