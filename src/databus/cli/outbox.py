"""`databus outbox`: the table for a department's own database, and the relay that empties it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

import typer

from databus.cli.output import aside
from databus.cli.session import Session, session
from databus.cli.verdicts import verdicts_of
from databus.contract.codec import Codec
from databus.department.outbox.relay import Bus, Relaying, relay
from databus.department.outbox.table import ddl
from databus.department.outcome import Remark
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
    poll: Annotated[float, typer.Option("--poll", min=0.1, help="seconds after which it looks without being notified")] = 5.0,
    wait: Annotated[float, typer.Option("--wait", help="with --once: seconds to wait for the next verdict")] = 60.0,
) -> int:
    """Send what waits in the outbox, in its order, until Ctrl-C; what became of each row stands in the table."""
    here = session()
    if department not in here.contract.departments:
        raise NotFound(f"no department is named {department}; there are {', '.join(here.contract.departments)}", department=department)
    told = Relaying(department, system, here.contract, department_secret(here.keys, department), poll, patience_seconds=wait)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # What the library tells of a broker that is away, ten lines a second, the relay says in one.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    asyncio.run(_run(here, dsn, told, once=once))
    return 0


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
