"""What happens to a line at work: each scenario is a generator that acts and then says how many seconds to leave it alone."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from itertools import count
from random import Random

from bench.chaos.fleet import SERVICES, Fleet, arrived, checked, part, ready, without_space
from bench.chaos.load import Loading
from bench.chaos.worker import FAIL, FREEZE

WORKERS = tuple(f"{service}-{number}" for number in range(2) for service in SERVICES)
_FROZEN = 9.0
"""Seconds: longer than the group's session (6 s) with what the broker needs to notice."""

_SMALL = 256 * 1024
"""A limit below what the next write needs: the broker makes even an empty index at its full size, PostgreSQL's log is files of 16 MiB."""

_JOINING = 6
"""Workers on their way at a time, at most."""

Acts = Generator[float, None, None]
Act = Callable[[Fleet, Loading, Random], Acts]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`act` goes on as long as its share of the load, or ends by itself and is let end. `repeats` where events must come twice;
    `shares` is how many parts of the load it lets go one after the other."""

    title: str
    act: Act
    repeats: bool = False
    shares: int = 1


def _kill(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from _until_at_work(fleet, load)
    for number in count():
        # Not in every round: the supervisor gives up what ends five times in a minute.
        names = (*WORKERS, "projector") if number % 2 else WORKERS
        for name in choose.sample(names, len(names)):
            fleet.strike(name, signal.SIGKILL)
            yield choose.uniform(2.0, 4.0)
            if not load.at_it:
                return


def _freeze(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from _until_at_work(fleet, load)
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
    yield from _until_at_work(fleet, load)
    name = choose.choice(("checker-0", "checker-1"))
    fleet.strike(name, FREEZE)
    try:
        while load.at_it and not fleet.frozen(name):
            yield 0.1
        # Until others have done that work too: sooner, its commit could be the first.
        held = arrived(fleet.here)
        while not checked(fleet.here, held):
            yield 0.5
    finally:
        fleet.strike(name, signal.SIGCONT)


def _roll(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from _until_at_work(fleet, load)
    while load.at_it:
        for name in WORKERS:
            fleet.strike(name, signal.SIGTERM)
            yield choose.uniform(3.0, 5.0)


def _raise(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from _until_at_work(fleet, load)
    while load.at_it:
        name = choose.choice(WORKERS)
        # One that is just starting does not listen yet.
        if fleet.ready(name):
            fleet.strike(name, FAIL)
        yield choose.uniform(0.5, 1.5)


def _broker(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from _until_at_work(fleet, load)
    for number, names in (
        (signal.SIGKILL, ("kafka", "gateway")),
        (signal.SIGTERM, ("kafka", "gateway")),
        (signal.SIGKILL, ("postgres",)),
    ):
        for name in names:
            fleet.strike(name, number)
        yield from _until_back(fleet, names[0])
        yield from _until_at_work(fleet, load)


def _full(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from _until_at_work(fleet, load)
    for name in ("kafka", "postgres", "kafka"):
        before = part(fleet.here, name)
        without_space(fleet.here, name, _SMALL)
        # It ends when it next writes further into a file; its successor has the room.
        while load.at_it and part(fleet.here, name) == before:
            yield 0.2
        if part(fleet.here, name) != before:
            fleet.note(f"{name} out of space")
        yield from _until_back(fleet, name)
        yield from _until_at_work(fleet, load)


def _until_at_work(fleet: Fleet, load: Loading) -> Acts:
    """Until every worker has taken something since now, so that what is done next is done to transactions under way."""
    before = fleet.taken()
    while load.at_it:
        now = fleet.taken()
        if all(count > before.get(pid, 0.0) for pid, count in now.items()):
            return
        yield 0.2


def _until_back(fleet: Fleet, name: str) -> Acts:
    yield 1.0
    while not ready(fleet.here, name):
        yield 0.2


def _storm(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    yield from _until_at_work(fleet, load)
    joined: list[str] = []
    try:
        for number in count(2):
            if not load.at_it:
                return
            # A busy machine takes longer to start one than the storm to ask for the next.
            if len(joined) < _JOINING:
                joined += [fleet.start(service, number) for service in SERVICES]
            yield 2.0
            for name in [name for name in joined if fleet.ready(name)]:
                joined.remove(name)
                fleet.note(f"joined {name.partition('-')[0]}")
                fleet.leave(name)
    finally:
        for name in joined:
            fleet.leave(name)


def _mixed(fleet: Fleet, load: Loading, choose: Random) -> Acts:
    for number, (name, scenario) in enumerate(SINGLE.items(), 1):
        # What one has broken is whole before the next begins, which so meets workers at work.
        while not fleet.ready():
            yield 0.2
        fleet.scenario, load.share = name, number / len(SINGLE)
        yield from scenario.act(fleet, load, choose)


SINGLE: Mapping[str, Scenario] = {
    "kill": Scenario("kill -9 in turn, every few seconds", _kill),
    "freeze": Scenario("SIGSTOP beyond the session, then SIGCONT", _freeze),
    "thaw": Scenario("a checker frozen before its transaction wakes with work that others have done", _thaw, repeats=True),
    "roll": Scenario("SIGTERM in turn", _roll),
    "raise": Scenario("processors that raise at random", _raise),
    "broker": Scenario("broker, gateway and PostgreSQL end in mid-transaction", _broker),
    "storm": Scenario("workers join and leave every 2 s", _storm),
    "full": Scenario("a broker, then PostgreSQL, without space", _full),
}
SCENARIOS: Mapping[str, Scenario] = {
    **SINGLE,
    "mixed": Scenario("all of these in turn, each with its share of the load", _mixed, repeats=True, shares=len(SINGLE)),
}
