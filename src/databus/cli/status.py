"""`databus status`: every process, and the sum that must come out even (design 11)."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.console import Console

from databus.bus import topics
from databus.bus.address import BusAddress
from databus.bus.follow import ends, lag
from databus.cli.output import as_json, bytes_of, console, table
from databus.cli.session import Session, session
from databus.errors import Unavailable
from databus.local import stack
from databus.local.stack import ProcessStatus
from databus.store import projection, reconciliation
from databus.store.reconciliation import Count
from databus.store.sessions import Pool

PROJECTED = (topics.CHANGES, topics.FINDINGS, topics.PERMITS, topics.DECISIONS)


@dataclass(frozen=True, slots=True)
class Sum:
    """The reconciliation: what the inboxes took, what is on its way, and what became of the rest.

    `unaccounted` is zero unless something was lost; `markers` closed segments that held a refused secret.
    """

    taken: int
    on_the_way: int
    judged: int
    markers: int
    unaccounted: int
    count: Count


def status(as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False) -> int:
    """Show the processes of this checkout and reconcile what was submitted with what became of it."""
    here = session()
    processes = stack.status(here.settings)
    lags, totals = measured(here)
    if as_document:
        told = None if totals is None else {**asdict(totals), "count": {**asdict(totals.count), "accepted": totals.count.accepted}}
        rows = [{**asdict(one), "lag": lags.get(one.name)} for one in processes]
        print(as_json({"told_time": not here.settings.kafka.bootstrap, "processes": rows, "reconciliation": told}))
    else:
        show(console(), processes, lags, totals)
    return 0


def measured(here: Session) -> tuple[dict[str, int], Sum | None]:
    try:
        address = here.present("operator")
        inboxes = tuple(topics.inbox(slug) for slug in here.contract.departments)
        return here.ask(lambda pool: measure(pool, address, inboxes))
    except Unavailable:
        return {}, None


async def measure(pool: Pool, address: BusAddress, inboxes: tuple[str, ...]) -> tuple[dict[str, int], Sum]:
    """Records each worker has still to take, and the sum.

    Raises:
        BusUnavailable, StoreUnavailable: it cannot be told.
    """
    unchecked, unfolded, reached = await asyncio.gather(
        lag(address, "checker", inboxes), lag(address, "profiler", (topics.EVENTS,)), ends(address, PROJECTED)
    )
    positions = await projection.positions(pool)
    waiting = sum(unchecked.values())
    # A transaction ends with a marker that no reader ever takes: one offset per partition is no lag.
    behind = {place: max(0, end - positions.get(place, 0) - 1) for place, end in reached.items()}
    lags = {
        "checker": waiting,
        "profiler": sum(max(0, left - 1) for left in unfolded.values()),
        "projector": sum(behind.values()),
    }
    taken = sum((await ends(address, inboxes)).values())
    count, judged = await reconciliation.count(pool), await reconciliation.places(pool)
    rest = max(0, taken - waiting - judged)
    markers = min(rest, count.refused)
    return lags, Sum(taken, waiting, judged, markers, rest - markers, count)


def show(out: Console, processes: list[ProcessStatus], lags: dict[str, int], totals: Sum | None) -> None:
    """The tables of `status`."""
    if not processes:
        out.print("Nothing of this checkout has been started; `databus up` starts it.")
        return
    rows = [(one.name, one.state, one.address, lags.get(one.name), bytes_of(one.memory_bytes), one.restarts) for one in processes]
    out.print(table("Processes", ("process", "state", "address", "lag (records)", "memory", "restarts"), rows))
    if totals is None:
        out.print("The bus or the store does not answer, so nothing can be reconciled.")
        return
    count = totals.count
    out.print()
    out.print(
        f"Submissions {count.submissions:,} = refused {count.refused:,} + rejected {count.rejected:,} + held {count.held:,} "
        f"+ accepted {count.accepted:,}"
    )
    out.print(
        f"Accepted {count.accepted:,} = changing {count.changing:,} + history {count.history:,} + duplicate {count.duplicate:,} "
        f"+ equivocal {count.equivocal:,}"
    )
    out.print(
        f"Inboxes took {totals.taken:,} = judged {totals.judged:,} + on the way {totals.on_the_way:,} "
        f"+ segment markers {totals.markers:,} + unaccounted {totals.unaccounted:,}"
    )
    out.print(f"Beside the sum: {count.other:,} steps that no submission made")
