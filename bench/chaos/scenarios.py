"""What happens to a line at work: each scenario is a generator that acts and then says how many seconds to leave it alone."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import Random

from bench.chaos.acts import Acts, until, until_at_work
from bench.chaos.engines import BACK, OPEN, REFUSED, broker, full
from bench.chaos.fleet import SERVICES, Fleet, arrived, checked
from bench.chaos.load import Loading
from bench.chaos.worker import FAIL, FREEZE

WORKERS = tuple(f"{service}-{number}" for number in range(2) for service in SERVICES)
_FROZEN = 9.0
"""Seconds: longer than the group's session (6 s) with what the broker needs to notice."""

_JOINED = "joined"
_JOINING = 6
"""Workers on their way at a time, at most."""

Act = Callable[[Fleet, Loading, Random], Acts]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`act` goes on as long as its share of the load, or ends by itself and is let end. `repeats` where events must come twice;
    `shares` is how many parts of the load it lets go one after the other. `parts` are what must have been done to the line, as often
    as they stand there; without any it is enough that something was."""

    title: str
    act: Act
    parts: tuple[str, ...] = ()
    repeats: bool = False
    shares: int = 1


def _kill(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from until_at_work(fleet, load)
    for number in count():
        # Not in every round: the supervisor gives up what ends five times in a minute.
        names = (*WORKERS, "projector") if number % 2 else WORKERS
        for name in choose.sample(names, len(names)):
            fleet.strike(name, signal.SIGKILL)
            yield choose.uniform(2.0, 4.0)
            if not load.at_it:
                return


def _freeze(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from until_at_work(fleet, load)
    while load.at_it:
        frozen = [f"{service}-{choose.randrange(2)}" for service in SERVICES]
        try:
            for name in frozen:
                fleet.strike(name, signal.SIGSTOP)
                yield choose.uniform(0.1, 0.9)
            yield _FROZEN
        finally:
            for name in frozen:
                fleet.strike(name, signal.SIGCONT)
        yield choose.uniform(2.0, 4.0)


def _thaw(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from until_at_work(fleet, load)
    name = choose.choice(("checker-0", "checker-1"))
    told: set[int] = set()

    def frozen() -> bool:
        pid = fleet.workers[name].process.pid
        # One that is just starting does not listen yet, and one that has ended leaves a successor who was not told.
        if pid not in told and fleet.ready(name):
            told.add(pid)
            fleet.strike(name, FREEZE)
        return fleet.frozen(name)

    try:
        with load.spared():
            yield from until(frozen, f"{name} has taken nothing to freeze with")
        # Until others have done that work too: sooner, its commit could be the first.
        held = arrived(fleet.here)
        yield from until(partial(checked, fleet.here, held), f"nobody has checked what came to the frozen {name}")
    finally:
        fleet.strike(name, signal.SIGCONT)


def _roll(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from until_at_work(fleet, load)
    while load.at_it:
        for name in WORKERS:
            fleet.strike(name, signal.SIGTERM)
            yield choose.uniform(3.0, 5.0)


def _raise(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from until_at_work(fleet, load)
    while load.at_it:
        name = choose.choice(WORKERS)
        # One that is just starting does not listen yet.
        if fleet.ready(name):
            fleet.strike(name, FAIL)
        yield choose.uniform(0.5, 1.5)


def _storm(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from until_at_work(fleet, load)
    joined: list[str] = []
    try:
        for number in count(2):
            if not load.at_it and not undone("storm", fleet.struck):
                return
            # A busy machine takes longer to start one than the storm to ask for the next.
            if len(joined) < _JOINING:
                joined += [fleet.start(service, number) for service in SERVICES]
            yield 2.0
            for name in [name for name in joined if fleet.ready(name)]:
                joined.remove(name)
                fleet.note(f"{name.partition('-')[0]} {_JOINED}")
                fleet.leave(name)
    finally:
        for name in joined:
            fleet.leave(name)


def _mixed(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    for number, (name, scenario) in enumerate(SINGLE.items(), 1):
        # What one has broken is whole before the next begins, which so meets workers at work.
        yield from until(fleet.ready, f"the workers are not ready for {name}")
        fleet.scenario, load.share = name, number / len(SINGLE)
        yield from scenario.act(fleet, load, choose)


SINGLE: Mapping[str, Scenario] = {
    "kill": Scenario("kill -9 in turn, every few seconds", _kill),
    "freeze": Scenario("SIGSTOP beyond the session, then SIGCONT", _freeze),
    "thaw": Scenario("a checker frozen before its transaction wakes with work that others have done", _thaw, repeats=True),
    "roll": Scenario("SIGTERM in turn", _roll),
    "raise": Scenario("processors that raise at random", _raise),
    "broker": Scenario(
        "broker, gateway and PostgreSQL end in mid-transaction",
        broker,
        (
            *("SIGKILL kafka", "SIGTERM kafka", f"kafka {OPEN}", f"kafka {OPEN}", f"kafka {BACK}", f"kafka {BACK}"),
            *("SIGKILL gateway", "SIGTERM gateway", f"gateway {BACK}", f"gateway {BACK}"),
            *("SIGKILL postgres", f"postgres {OPEN}", f"postgres {BACK}"),
        ),
    ),
    "storm": Scenario("workers join and leave every 2 s", _storm, tuple(f"{service} {_JOINED}" for service in SERVICES)),
    "full": Scenario(
        "a broker, then PostgreSQL, without space",
        full,
        tuple(f"{name} {what}" for name in ("kafka", "postgres", "kafka") for what in (REFUSED, BACK)),
    ),
}
SCENARIOS: Mapping[str, Scenario] = {
    **SINGLE,
    "mixed": Scenario("all of these in turn, each with its share of the load", _mixed, repeats=True, shares=len(SINGLE)),
}


def undone(name: str, struck: Counter[tuple[str, str]]) -> list[str]:
    """What a scenario, or each of those it is made of, should have done to the line and has not."""
    missing: list[str] = []
    for one, scenario in SINGLE.items() if SCENARIOS[name].shares > 1 else ((name, SCENARIOS[name]),):
        done = Counter({what: times for (of, what), times in struck.items() if of == one})
        lacking = Counter(scenario.parts) - done
        missing += [f"{one}: {what}, {times} more" for what, times in lacking.items()]
        missing += [] if done else [f"{one}: anything"]
    return missing
