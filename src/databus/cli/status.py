"""`databus status`: every process, and the sum that must come out even (design 11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated

import typer
from rich.console import Console

from databus.bus import topics
from databus.bus.address import BusAddress
from databus.bus.empty import empty
from databus.bus.offsets import ends, lag, left, uncommitted
from databus.cli.output import as_json, bytes_of, console, table
from databus.cli.session import Session, session
from databus.errors import Unavailable
from databus.local import stack
from databus.local.connections import connected
from databus.local.stack import ProcessStatus
from databus.store import projection, reconciliation
from databus.store.reconciliation import Count
from databus.store.sessions import Pool

_KEEPERS = ("kafka", "postgres")
PROJECTED = (topics.CHANGES, topics.FINDINGS, topics.PERMITS, topics.DECISIONS)


@dataclass(frozen=True, slots=True)
class Sum:
    """The reconciliation: what the inboxes took, what is on its way, and what became of the rest.

    `unaccounted` is zero unless something was lost; `markers` are offsets that hold no submission: ends of transactions, what was
    aborted, and what closed a segment that held a refused secret. Of them `untold` may be lost submissions as well: they are deleted,
    and were taken before markers were counted or after the checker's offsets had been lost.
    """

    taken: int
    on_the_way: int
    judged: int
    markers: int
    unaccounted: int
    count: Count
    uncommitted: Mapping[str, int] = field(default_factory=dict)
    untold: int = 0


def status(as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False) -> int:
    """Show the processes of this checkout and reconcile what was submitted with what became of it."""
    here = session()
    processes = stack.status(here.settings)
    lags, totals = ({}, None) if any(one.state == "stopped" and one.name in _KEEPERS for one in processes) else measured(here)
    if as_document:
        told = None if totals is None else {**asdict(totals), "count": {**asdict(totals.count), "accepted": totals.count.accepted}}
        rows = [{**asdict(one), "lag": lags.get(one.name)} for one in processes]
        print(as_json({"told_time": told_time(here), "processes": rows, "reconciliation": told}))
    else:
        show(console(), processes, lags, totals, told_time=told_time(here))
    return 0


def told_time(here: Session) -> bool:
    """Whether the checker believes the header `databus-told-time`."""
    return connected(here.settings, here.keys, "checker").checker.told_time


def measured(here: Session) -> tuple[dict[str, int], Sum | None]:
    try:
        generation = here.present("operator").generation
        inboxes = tuple(topics.inbox(slug) for slug in here.contract.departments)
        return here.ask(lambda pool: measure(pool, lambda name: replace(here.address(name), generation=generation), inboxes))
    except Unavailable:
        return {}, None


async def measure(pool: Pool, user: Callable[[str], BusAddress], inboxes: tuple[str, ...]) -> tuple[dict[str, int], Sum]:
    """Records each worker has still to take, and the sum. `user` gives the bus as one of its users.

    Each is asked for as the worker itself: nobody else may look into its topics, and only a look tells the end of a
    transaction from a record. It is measured down the line, so that what moves on meanwhile is met again and never missed.

    Raises:
        BusUnavailable, StoreUnavailable: it cannot be told.
    """
    behind = Counter[str]()
    for (topic, _), number in (await uncommitted(user("operator"), (*inboxes, topics.EVENTS, *PROJECTED))).items():
        behind[topic] += number
    last = await ends(user("operator"), inboxes)
    lags = {
        "checker": sum((await lag(user("checker"), "checker", inboxes)).values()),
        "profiler": sum((await lag(user("profiler"), "profiler", (topics.EVENTS,))).values()),
        "projector": sum((await left(user("projector"), PROJECTED, await projection.positions(pool))).values()),
    }
    judged, count = await reconciliation.places(pool), await reconciliation.count(pool)
    taken = sum(last.values())
    rest = max(0, taken - judged)
    found = None if any(lags.values()) else await empty(user("checker"), "checker", inboxes)
    # What has come meanwhile, were it only the end of a transaction, would stand for one that is lost.
    if found is None or await ends(user("operator"), inboxes) != last:
        return lags, Sum(taken, rest, judged, 0, 0, count, dict(behind))
    known = min(rest, found.known)
    untold = min(rest - known, found.untold)
    return lags, Sum(taken, 0, judged, known + untold, rest - known - untold, count, dict(behind), untold)


def show(out: Console, processes: list[ProcessStatus], lags: dict[str, int], totals: Sum | None, *, told_time: bool) -> None:
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
        f"+ markers {totals.markers:,} + unaccounted {totals.unaccounted:,}"
    )
    if (again := totals.judged - count.submissions) > 0:
        out.print(f"Of the judged {again:,} were a submission that had come before: repeated, or let pass by a steward")
    if totals.untold:
        out.print(
            f"Of the markers {totals.untold:,} may be lost submissions: they are deleted, and nobody counted them when they were taken"
        )
    if totals.uncommitted:
        told = ", ".join(f"{topic} {number:,}" for topic, number in sorted(totals.uncommitted.items()))
        out.print(f"Behind open transactions: {told}; until the client ends its own, or the broker does by transaction.timeout.ms")
    out.print(f"Beside the sum: {count.other:,} steps that no submission made, {count.copies:,} told on along links")
    if told_time:
        out.print("Submissions are judged by the time they tell (embedded stack only; elsewhere by the broker's)")
