"""`databus sample`: the synthetic province, sent by its departments and held against its ledger."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from databus.access import samples
from databus.bootstrap.parts import now
from databus.bus.journal import Journal
from databus.bus.topics import PERMITS
from databus.cli import status
from databus.cli.output import as_json, aside, console, table
from databus.cli.session import Session, session
from databus.contract.wire import encode_permit
from databus.department.publisher import Publisher
from databus.errors import Malformed, Unavailable
from databus.local.keys import department_secret
from databus.model.keys import organisation_key
from databus.store import clock, permits, reconciliation
from databus.store.sessions import Pool
from databus.testing.province import ledger
from databus.testing.province.load import load
from databus.testing.province.plan import Planned, plan

CONSENTING = 50
SUBJECTS, SUBMISSIONS, SEED = 2000, 20_000, 35
IN_MEMORY = 200_000
"""Submissions that are put in the order of their times before they are sent."""

_PATIENCE_SECONDS, _DAYS_SECONDS, _PAUSE_SECONDS = 240.0, 30.0, 0.25


def sample(
    subjects: Annotated[int, typer.Option("--subjects", min=1, help="how many subjects")] = SUBJECTS,
    submissions: Annotated[int | None, typer.Option("--submissions", min=1, help="how many submissions [default: 10 per subject]")] = None,
    seed: Annotated[int, typer.Option("--seed", help="another seed, another province")] = SEED,
    as_of: Annotated[str, typer.Option("--as-of", help="last day of the story [default: today]")] = "",
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Send a synthetic province. The same numbers give the same submissions, so a repeat only adds duplicates."""
    here = session()
    try:
        day = date.fromisoformat(as_of) if as_of else now().date()
    except ValueError:
        raise Malformed(f"--as-of {as_of} is no day such as 2026-04-01", as_of=as_of) from None
    lines = send(here, subjects=subjects, submissions=submissions or subjects * 10, seed=seed, as_of=day)
    until_today(here)
    totals = ledger.totals(lines)
    if as_document:
        print(as_json({"totals": totals, "ledger": str(path(here))}))
    else:
        console().print(table("", ("what", "submissions"), list(totals.items())))
        console().print(f"What should become of each: {path(here)}")
    return 0


def send(here: Session, *, subjects: int, submissions: int, seed: int, as_of: date) -> list[ledger.Line]:
    """Send the province with a progress bar, write its ledger, and wait until all stages are through.

    Raises:
        Unavailable: a part of the line does not keep up.
    """
    departments = tuple(here.contract.departments)
    secrets = {slug: department_secret(here.keys, slug) for slug in departments}
    codec = here.codec(departments[0])
    consenting: list[str] = []
    planned = _in_time(plan(here.contract, subject_count=subjects, submissions=submissions, seed=seed, as_of=as_of), submissions)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeElapsedColumn())
    with ExitStack() as opened, Progress(*columns, console=aside()) as bar:
        before = here.ask(reconciliation.places)
        publishers = {slug: opened.enter_context(Publisher(here.address(slug), slug)) for slug in departments}
        sending = bar.add_task("Departments publish", total=submissions, rate="")
        started, sent = time.monotonic(), Counter[str]()

        def on_sent() -> None:
            sent["all"] += 1
            if sent["all"] % 100 == 0 or sent["all"] == submissions:
                bar.update(sending, completed=sent["all"], rate=_rate(sent["all"], started))

        lines = load(
            _noting(planned, consenting), contract=here.contract, codec=codec, publishers=publishers, secrets=secrets, on_sent=on_sent
        )
        ledger.write(path(here), lines)
        permit(here, consenting)
        through = bar.add_task("Through all stages", total=submissions, rate="")
        _await(here, bar, through, before + len(lines), started)
    return lines


def _in_time(planned: Iterator[Planned], submissions: int) -> Iterable[Planned]:
    """The submissions as five years would have brought them; more than fit into memory come story by story."""
    return sorted(planned, key=lambda one: one.told) if submissions <= IN_MEMORY else planned


def until_today(here: Session) -> None:
    """Wait until the profiler has told today to what the sample has told: the days behind its last one come after some quiet."""

    async def until(pool: Pool) -> None:
        for _ in range(int(_DAYS_SECONDS / _PAUSE_SECONDS)):
            if await clock.reached(pool, now().date()):
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        aside().print("The days behind the sample are still being told; what they may move is held until then.")

    here.ask(until)


def path(here: Session) -> Path:
    """Where the ledger lies."""
    return here.settings.home / "sample-ledger.jsonl"


def _noting(planned: Iterable[Planned], consenting: list[str]) -> Iterator[Planned]:
    for one in planned:
        code = one.cut["subject"].get("uscc")
        if code and len(consenting) < CONSENTING and code not in consenting:
            consenting.append(code)
        yield one


def permit(here: Session, codes: list[str]) -> None:
    """Give the sample callers their permits, once: a grant for the department, consents of these subjects for the agency."""
    given = {one.permit_id for one in here.ask(permits.all)}
    wanted = samples.permits(now().date(), consenting=tuple(organisation_key(code) for code in codes))
    codec = here.codec("gateway")

    async def append() -> None:
        async with Journal(here.address("gateway")) as journal:
            for one in (one for one in wanted if one.permit_id not in given):
                await journal.append(PERMITS, one.permit_id.encode(), encode_permit(codec, one))

    asyncio.run(append())
    here.ask(lambda pool: _given(pool, {one.permit_id for one in wanted}))


async def _given(pool: Pool, wanted: set[str]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not wanted <= {one.permit_id for one in await permits.all(pool)}:
        if time.monotonic() > until:
            raise Unavailable("the permits have not reached the store; `databus status` shows where they wait")
        await asyncio.sleep(0.1)


def _await(here: Session, bar: Progress, task: TaskID, wanted: int, started: float) -> None:
    async def until(pool: Pool) -> int:
        seen, moved = 0, time.monotonic()
        while seen < wanted:
            found = await reconciliation.places(pool)
            if found > seen:
                seen, moved = found, time.monotonic()
                done = (bar.tasks[task].total or 0) - (wanted - found)
                bar.update(task, completed=done, rate=_rate(done, started))
            if time.monotonic() - moved > _PATIENCE_SECONDS:
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        return wanted - seen

    if (left := here.ask(until)) > 0:
        raise Unavailable(f"{left:,} submissions have not come through: {waiting(*status.measured(here))}")


def waiting(lags: Mapping[str, int], told: status.Sum | None) -> str:
    """Where what has not come through is: behind which worker, or nowhere."""
    if told is None:
        return "the bus or the store does not answer"
    behind = [f"the {name} has {lag:,} records still to take" for name, lag in lags.items() if lag]
    behind += [f"{topic} has {number:,} offsets behind an open transaction" for topic, number in told.uncommitted.items()]
    return ", ".join(behind) or f"every worker has taken all there is, and {told.unaccounted:,} places of inboxes are unaccounted for"


def _rate(done: float, started: float) -> str:
    return f"{done / max(time.monotonic() - started, 0.001):,.0f}/s"
