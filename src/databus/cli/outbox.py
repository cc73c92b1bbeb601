"""`databus outbox`: the table for a department's own database, and the relay that empties it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer

from databus.cli.foretelling import Shown, asking, tell
from databus.cli.output import aside
from databus.cli.progress import bar
from databus.cli.session import Session, session
from databus.cli.verdicts import verdicts_of
from databus.contract.codec import Codec
from databus.department.foretelling import PAGE, Prepared, foretold
from databus.department.outbox.relay import Bus, Relaying, looked_through, relay
from databus.department.outbox.table import Outbox, ddl, opened
from databus.department.outcome import BAD, Remark
from databus.department.publisher import Publisher
from databus.errors import NotFound
from databus.local.connections import connected
from databus.local.keys import department_secret
from databus.store import database


def verbs() -> typer.Typer:
    """The verbs of this group."""
    group = typer.Typer(help="A department's outbox: facts that leave with the transactions that made them.", no_args_is_help=True)
    group.command("ddl")(definition)
    group.command("relay")(relaying)
    return group


def definition() -> int:
    """Print the table's definition, to be run once in the department's database."""
    print(ddl(), end="")
    return 0


def relaying(
    dsn: Annotated[str, typer.Option("--dsn", help="the department's PostgreSQL, e.g. postgresql://user@host/database")],
    department: Annotated[str, typer.Option("--department", help="slug of the department")],
    system: Annotated[str, typer.Option("--system", help="the department's system whose outbox it is")] = "outbox",
    once: Annotated[bool, typer.Option("--once", help="empty it, wait for the verdicts, and end")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="tell what would become of each row, send and mark nothing")] = False,
    rows: Annotated[
        list[int] | None, typer.Option("--row", min=1, help="with --dry-run: the row of this id in full; may be repeated")
    ] = None,
    as_document: Annotated[bool, typer.Option("--json", help="with --dry-run: for machines")] = False,
    poll: Annotated[float, typer.Option("--poll", min=0.1, help="seconds after which it looks without being notified")] = 5.0,
    wait: Annotated[float, typer.Option("--wait", help="with --once: seconds to wait for the next verdict")] = 60.0,
) -> int:
    """Send what waits in the outbox, in its order, until Ctrl-C; what became of each row stands in the table."""
    here = session()
    if department not in here.contract.departments:
        raise NotFound(f"no department is named {department}; there are {', '.join(here.contract.departments)}", department=department)
    told = Relaying(department, system, here.contract, department_secret(here.keys, department), poll, patience_seconds=wait)
    if dry_run:
        return _foretold(here, dsn, told, Shown(frozenset(rows or ()), None, as_document))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # What the library tells of a broker that is away, ten lines a second, the relay says in one.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    asyncio.run(_run(here, dsn, told, once=once))
    return 0


def _foretold(here: Session, dsn: str, told: Relaying, shown: Shown) -> int:
    bad, facts = 0, told.facts(here.contract.codec())
    with (
        asking(here, told.department) as (runner, asked),
        _opened(runner, dsn) as outbox,
        bar("Checking", quiet=shown.as_document) as moved,
    ):
        waiting = runner.run(outbox.count())
        rows = _following(runner, looked_through(outbox, facts))
        found = foretold(rows, ask=lambda sent: runner.run(asked(sent)), contract=here.contract)
        for number, one in enumerate(tell(found, shown, asked), start=1):
            bad += one.result.outcome in BAD
            if number % PAGE == 0:
                moved(number, waiting)
    return 1 if bad else 0


@contextmanager
def _opened(runner: asyncio.Runner, dsn: str) -> Iterator[Outbox]:
    here = opened(dsn)
    outbox = runner.run(here.__aenter__())
    try:
        yield outbox
    finally:
        runner.run(here.__aexit__(None, None, None))


def _following(runner: asyncio.Runner, rows: AsyncIterator[Prepared]) -> Iterator[Prepared]:
    """The same, each read on that loop when it is asked for."""

    async def following() -> Prepared | None:
        return await anext(rows, None)

    return iter(lambda: runner.run(following()), None)


async def _run(here: Session, dsn: str, told: Relaying, *, once: bool) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    platform = connected(here.settings, here.keys, "operator").postgres.dsn.get_secret_value()

    async def verdicts(submissions: Sequence[str]) -> Mapping[str, tuple[str, tuple[Remark, ...]]]:
        pool = await database.connect(platform, size=1)
        try:
            return await verdicts_of(pool, told.department, set(submissions))
        finally:
            await pool.close()

    aside().print(f"Relaying the outbox of {told.department}; Ctrl-C ends it")
    await relay(dsn, relaying=told, connect=partial(_connect, here, told.department), verdicts=verdicts, stop=stop, once=once)


def _connect(here: Session, department: str) -> tuple[Bus, Codec]:
    codec = here.codec(department)
    return Publisher(here.address(department), department), codec
