"""What happens to a line at work: each scenario is a generator that acts and then says how many seconds to leave it alone."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from itertools import count
from random import Random

from bench.chaos.fleet import SERVICES, Fleet, part, ready, unchecked, without_space

WORKERS = tuple(f"{service}-{number}" for number in range(2) for service in SERVICES)
_FROZEN = 9.0
"""Seconds: longer than the group's session (6 s) with what the broker needs to notice."""

_SMALL = 256 * 1024
"""A limit below what the next write needs: the broker makes even an empty index at its full size, PostgreSQL's log is files of 16 MiB."""

Acts = Generator[float, None, None]
Act = Callable[[Fleet, Random], Acts]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`act` goes on as long as the load, or ends by itself and is let end. `faults` are arguments of the workers; `repeats` where
    events must come twice."""

    title: str
    act: Act
    faults: tuple[str, ...] = ()
    repeats: bool = False


def _kill(fleet: Fleet, choose: Random) -> Acts:
    yield from _until_at_work(fleet)
    for number in count():
        # Not in every round: the supervisor gives up what ends five times in a minute.
        names = (*WORKERS, "projector") if number % 2 else WORKERS
        for name in choose.sample(names, len(names)):
            fleet.strike(name, signal.SIGKILL)
            yield choose.uniform(2.0, 4.0)
            if not fleet.loading:
                return


def _freeze(fleet: Fleet, choose: Random) -> Acts:
    yield from _until_at_work(fleet)
    while fleet.loading:
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


def _thaw(fleet: Fleet, choose: Random) -> Acts:
    yield from _until_at_work(fleet)
    name = choose.choice(("checker-0", "checker-1"))
    fleet.leave(name)
    yield 1.0
    service, _, number = name.rpartition("-")
    fleet.start(service, int(number), ("--freezing", str(choose.randint(2, 4))))
    try:
        while fleet.loading and not fleet.frozen(name):
            yield 0.1
        fleet.struck["frozen with work in hand"] += fleet.frozen(name)
        # Until others have done that work too: sooner, its commit could be the first.
        while fleet.loading or unchecked(fleet.here):
            yield 0.5
    finally:
        fleet.strike(name, signal.SIGCONT)


def _roll(fleet: Fleet, choose: Random) -> Acts:
    yield from _until_at_work(fleet)
    while fleet.loading:
        for name in WORKERS:
            fleet.strike(name, signal.SIGTERM)
            yield choose.uniform(3.0, 5.0)


def _raise(fleet: Fleet, choose: Random) -> Acts:
    while fleet.loading:
        yield 1.0


def _broker(fleet: Fleet, choose: Random) -> Acts:
    yield from _until_at_work(fleet)
    for number, names in (
        (signal.SIGKILL, ("kafka", "gateway")),
        (signal.SIGTERM, ("kafka", "gateway")),
        (signal.SIGKILL, ("postgres",)),
    ):
        for name in names:
            fleet.strike(name, number)
        yield from _until_back(fleet, names[0])
        yield from _until_at_work(fleet)


def _full(fleet: Fleet, choose: Random) -> Acts:
    yield from _until_at_work(fleet)
    for name in ("kafka", "postgres", "kafka"):
        before = part(fleet.here, name)
        without_space(fleet.here, name, _SMALL)
        # It ends when it next writes further into a file; its successor has the room.
        while fleet.loading and part(fleet.here, name) == before:
            yield 0.2
        fleet.struck[f"{name} out of space"] += part(fleet.here, name) != before
        yield from _until_back(fleet, name)
        yield from _until_at_work(fleet)


def _until_at_work(fleet: Fleet) -> Acts:
    """Until every worker has taken something since now, so that what is done next is done to transactions under way."""
    before = fleet.taken()
    while fleet.loading:
        now = fleet.taken()
        if all(count > before.get(pid, 0.0) for pid, count in now.items()):
            return
        yield 0.2


def _until_back(fleet: Fleet, name: str) -> Acts:
    yield 1.0
    while not ready(fleet.here, name):
        yield 0.2


def _storm(fleet: Fleet, choose: Random) -> Acts:
    yield from _until_at_work(fleet)
    number = 2
    while fleet.loading:
        for service in SERVICES:
            fleet.struck["joined"] += bool(fleet.start(service, number))
            if number > 2:
                fleet.leave(f"{service}-{number - 1}")
        number += 1
        yield 2.0


SCENARIOS: Mapping[str, Scenario] = {
    "kill": Scenario("kill -9 in turn, every few seconds", _kill),
    "freeze": Scenario("SIGSTOP beyond the session, then SIGCONT", _freeze),
    "thaw": Scenario("a checker frozen before its transaction wakes with work that others have done", _thaw, repeats=True),
    "roll": Scenario("SIGTERM in turn", _roll),
    "raise": Scenario("processors that raise at random", _raise, ("--raising", "0.02")),
    "broker": Scenario("broker, gateway and PostgreSQL end in mid-transaction", _broker),
    "storm": Scenario("workers join and leave every 2 s", _storm),
    "full": Scenario("a broker, then PostgreSQL, without space", _full),
}
