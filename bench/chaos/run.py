"""A line to break, and one scenario on it from a line at rest to a verdict."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from zlib import crc32

from bench.chaos.again import Again, check_again, load_again
from bench.chaos.asking import Asking
from bench.chaos.evidence import Mark, gather, mark
from bench.chaos.fleet import ENDED, SERVICES, Fleet
from bench.chaos.linked import maps_of
from bench.chaos.load import Loading
from bench.chaos.oracle import judge
from bench.chaos.rest import PATIENCE_SECONDS, projected, rest
from bench.chaos.scenarios import SCENARIOS, WORKERS, Scenario, undone
from bench.chaos.verdict import LOST, Verdict
from databus.bootstrap.checker import checking
from databus.bootstrap.parts import now
from databus.cli import sample
from databus.cli.output import aside
from databus.cli.session import Session, session
from databus.contract import catalogue
from databus.errors import Unavailable
from databus.local import stack
from databus.local.aside import settings_aside
from databus.testing.province.plan import plan
from databus.testing.province.planned import Planned

_PER_SUBJECT = 10
_STEP_SECONDS = 0.1
Telling = Callable[[str, int, int], None]
"""Told (what is being done, how much of it is done, of how much)."""


@dataclass(frozen=True)
class Ran:
    """A scenario that came to its end: what was done, what is wrong, how long it took."""

    scenario: Scenario
    submissions: int
    verdict: Verdict
    struck: Counter[tuple[str, str]]
    ended: Counter[int]
    disclosed: int
    seconds: float

    @property
    def faults(self) -> int:
        """How often something was done to the line."""
        return sum(self.struck.values()) + sum(self.ended.values())


@dataclass
class Line:
    """A stack without workers, which are ours to break. Scenarios may follow each other on it: each has subjects of its own, and
    is judged by what came since it began."""

    here: Session
    again: Again = field(default_factory=Again)
    sent: int = 0


@contextmanager
def line(folder: Path) -> Iterator[Line]:
    """A line in an empty folder."""
    settings = settings_aside(folder / "home")
    none = {name: getattr(settings, name).model_copy(update={"replicas": 0}) for name in SERVICES}
    settings = settings.model_copy(update=none)
    with stack.up(settings, departments=tuple(catalogue.load(settings.contracts).departments), console=aside()):
        yield Line(session(settings))


def run(
    name: str, on: Line, *, submissions: int, seed: int, as_of: date | None = None, tell: Telling = lambda what, done, total: None
) -> Ran:
    """Run a scenario. The same seed plans the same submissions and the same faults, on whatever line.

    Raises:
        Unavailable: the line did not come to rest, which is as wrong as a lost submission.
    """
    scenario, here, begun, codec = SCENARIOS[name], on.here, time.monotonic(), on.here.codec("admin")
    tell("plans", 0, submissions)
    planned = _planned(name, here, submissions, seed, as_of or now().date())
    since = mark(here) if on.sent else Mark()
    on.sent += len(planned)
    fleet = Fleet(here, seed, name)
    try:
        asked = _break(here, scenario, fleet, planned, tell)
        rest(here, fleet, on.sent, tell)
    finally:
        fleet.stop()
    projected(here)
    tell("reads what it left", 0, 0)
    evidence = gather(here, since)
    tell("judges", 0, 0)
    verdict = judge(planned, evidence, codec, maps_of(here.contract))
    tell("checks it again", 0, 0)
    check_again(evidence, checking(here.contract, codec, here.keys, told_time=True), codec, verdict)
    tell("folds it again", 0, 0)
    on.again.fold(evidence, here.contract, codec, verdict)
    tell("loads it again", 0, 0)
    load_again(here, evidence.changes, codec, verdict)
    for decision in sorted(asked.told - evidence.decisions):
        verdict.wrong(LOST, f"decision {decision}, which an answer quoted")
    verdict.require(len(asked.told) > 0, LOST, "every answer of the gateway")
    again = verdict.noted["events repeated"]
    verdict.require(again > 0 or not scenario.repeats, LOST, "the repeat of what a thawed checker had in hand")
    for what in undone(name, fleet.struck):
        verdict.wrong(LOST, what)
    unasked = set(fleet.codes) - ENDED
    verdict.require(not unasked, LOST, f"workers that ended with code {sorted(unasked)}")
    return Ran(scenario, submissions, verdict, fleet.struck, fleet.codes, len(asked.told), time.monotonic() - begun)


def _planned(name: str, here: Session, submissions: int, seed: int, as_of: date) -> list[Planned]:
    subjects = max(10, submissions // _PER_SUBJECT)
    # Of their own numbers, so that scenarios on one line have nothing to do with each other.
    first = list(SCENARIOS).index(name) * subjects
    own = crc32(f"{seed}/{name}".encode())
    return list(plan(here.contract, subject_count=subjects, first_subject=first, submissions=submissions, seed=own, as_of=as_of))


def _await(fleet: Fleet, tell: Telling) -> None:
    """Until all workers are ready: on a busy machine the load would otherwise be over before there is anything to break."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not fleet.ready():
        if time.monotonic() > until:
            raise Unavailable(f"the workers do not start: {fleet.codes}")
        tell("starts", 0, 0)
        fleet.tend()
        time.sleep(_STEP_SECONDS)


def _break(here: Session, scenario: Scenario, fleet: Fleet, planned: list[Planned], tell: Telling) -> Asking:
    """Send everything while the scenario acts."""
    codes = list(dict.fromkeys(one.cut["subject"]["uscc"] for one in planned if "uscc" in one.cut["subject"]))[: sample.CONSENTING]
    sample.permit(here, codes)
    for name in WORKERS:
        service, _, number = name.rpartition("-")
        fleet.start(service, int(number))
    _await(fleet, tell)
    loading, asking = Loading(here, planned, shares=scenario.shares), Asking(here, codes)
    acts, due = scenario.act(fleet, loading, Random(f"{fleet.seed}/{fleet.scenario}")), 0.0
    loading.start()
    asking.start()
    try:
        while loading.is_alive() or due < math.inf:
            tell("sends and breaks", loading.sent, len(planned))
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
