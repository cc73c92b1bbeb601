"""One scenario from an empty stack to a verdict."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from bench.chaos.asking import Asking
from bench.chaos.evidence import gather
from bench.chaos.fleet import CRASHED, ENDED, SERVICES, Fleet
from bench.chaos.load import Loading
from bench.chaos.oracle import judge
from bench.chaos.scenarios import SCENARIOS, WORKERS, Scenario
from bench.chaos.verdict import LOST, Verdict
from databus.bootstrap.parts import now
from databus.bus import topics
from databus.bus.follow import lag
from databus.cli import sample
from databus.cli.output import aside
from databus.cli.session import Session, session
from databus.contract import catalogue
from databus.errors import Unavailable
from databus.local import stack
from databus.local.aside import settings_aside
from databus.store import reconciliation
from databus.store.sessions import Pool
from databus.store.sessions import session as connected
from databus.testing.province.plan import plan
from databus.testing.province.planned import Planned

PATIENCE_SECONDS = 180.0
_QUIET_SECONDS = 4.0
_PER_SUBJECT = 10
_STEP_SECONDS = 0.1
_ROWS = "SELECT (SELECT count(*) FROM steps), (SELECT count(*) FROM findings), (SELECT count(*) FROM decisions)"


@dataclass(frozen=True)
class Ran:
    """A scenario that came to its end: what was done, what is wrong, how long it took."""

    scenario: Scenario
    submissions: int
    verdict: Verdict
    struck: Counter[str]
    ended: Counter[int]
    disclosed: int
    seconds: float


def run(name: str, folder: Path, *, submissions: int, seed: int, as_of: date | None = None) -> Ran:
    """Run a scenario in an empty folder. The same seed plans the same submissions and the same faults.

    Raises:
        Unavailable: the line did not come to rest, which is as wrong as a lost submission.
    """
    scenario, begun = SCENARIOS[name], time.monotonic()
    with _line(folder) as here:
        subjects = max(10, submissions // _PER_SUBJECT)
        planned = list(plan(here.contract, subject_count=subjects, submissions=submissions, seed=seed, as_of=as_of or now().date()))
        fleet = Fleet(here, seed, scenario.faults)
        try:
            asked = _break(here, scenario, fleet, planned, Random(f"{seed}/{name}"))
            _rest(here, fleet, len(planned))
        finally:
            fleet.stop()
        evidence = gather(here)
        verdict = judge(planned, evidence, here.codec("admin"))
        for decision in sorted(asked.told - evidence.decisions):
            verdict.wrong(LOST, f"decision {decision}, which an answer quoted")
        again = verdict.noted["events repeated"]
        verdict.require(again > 0 or not scenario.repeats, LOST, "the repeat of what a thawed checker had in hand")
        unasked = set(fleet.codes) - (ENDED if scenario.clean else CRASHED)
        verdict.require(not unasked, LOST, f"workers that ended with code {sorted(unasked)}")
    return Ran(scenario, submissions, verdict, fleet.struck, fleet.codes, len(asked.told), time.monotonic() - begun)


@contextmanager
def _line(folder: Path) -> Iterator[Session]:
    """A stack without workers: these are ours to break."""
    settings = settings_aside(folder / "home")
    none = {name: getattr(settings, name).model_copy(update={"replicas": 0}) for name in SERVICES}
    settings = settings.model_copy(update=none)
    with stack.up(settings, departments=tuple(catalogue.load(settings.contracts).departments), console=aside()):
        yield session(settings)


def _break(here: Session, scenario: Scenario, fleet: Fleet, planned: list[Planned], choose: Random) -> Asking:
    """Send everything while the scenario acts."""
    codes = list(dict.fromkeys(one.cut["subject"]["uscc"] for one in planned if "uscc" in one.cut["subject"]))[: sample.CONSENTING]
    sample.permit(here, codes)
    for name in WORKERS:
        service, _, number = name.rpartition("-")
        fleet.start(service, int(number))
    loading, asking = Loading(here, planned), Asking(here, codes)
    acts, due = scenario.act(fleet, choose), 0.0
    loading.start()
    asking.start()
    try:
        while fleet.loading or due < math.inf:
            fleet.loading = loading.is_alive()
            if time.monotonic() >= due:
                due = max(due, time.monotonic()) + next(acts, math.inf)
            fleet.tend()
            time.sleep(_STEP_SECONDS)
    finally:
        acts.close()
        asking.finish()
    if loading.failure is not None:
        raise loading.failure
    return asking


def _rest(here: Session, fleet: Fleet, count: int) -> None:
    """Wait until nothing is on its way and nothing has moved for a while: a process that just woke may still do harm."""
    until, since, seen = time.monotonic() + PATIENCE_SECONDS + count / 200, time.monotonic(), (0, 0, 0)
    while time.monotonic() - since < _QUIET_SECONDS:
        fleet.tend()
        left, found = _left(here, count)
        if left or found != seen:
            since, seen = time.monotonic(), found
        if time.monotonic() > until:
            raise Unavailable(f"the line has not come to rest: {left}; {fleet.struck}, {fleet.codes}")
        time.sleep(_STEP_SECONDS)


def _left(here: Session, count: int) -> tuple[str, tuple[int, int, int]]:
    address, inboxes = here.address("admin"), tuple(topics.inbox(slug) for slug in here.contract.departments)

    async def measure(pool: Pool) -> tuple[str, tuple[int, int, int]]:
        unchecked = sum((await lag(address, "checker", inboxes)).values())
        unfolded = sum((await lag(address, "profiler", (topics.EVENTS,))).values())
        unjudged = count - await reconciliation.places(pool)
        async with connected(pool) as connection:
            (row,) = await connection.fetch(_ROWS)
        left = unchecked or unfolded or unjudged > 0
        return f"{unchecked} unchecked, {unfolded} unfolded, {unjudged} unjudged" if left else "", (row[0], row[1], row[2])

    try:
        return here.ask(measure)
    except Unavailable as error:
        return str(error), (-1, -1, -1)
