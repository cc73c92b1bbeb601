"""The same simple merge by every peer, on the same Kafka, records and keys."""

from __future__ import annotations

import os
from collections.abc import Iterator

from bench.merge.ground import Ground, Spent
from bench.merge.peers.meter import Order
from bench.merge.peers.simple import PARTITIONS, events
from bench.merge.table import at_least, at_most, middle, plain, ratios
from databus.bus import topics
from databus.cli.bench import Row

SUBJECTS = 20_000
PEERS = {"decode": "reading", "stock": "stock", "quix": "quix", "ours": "ours"}
SHARES = {"stock": 5}
"""Stock Faust gets a fifth of the events: it would take all the time there is."""


def measure(ground: Ground, count: int, quix: str | None, rounds: int) -> Iterator[Row]:
    """Each round asks every peer in turn; medians count, of ratios those within a round."""
    source = ground.topic("simple-events", topics.EVENTS)
    rows = events(count, subjects=max(1, min(SUBJECTS, count // 5)), seed=7)
    ground.feed(((source, key, (key, value, ())) for key, value in rows), {source: PARTITIONS})
    spent: dict[str, list[Spent]] = {name: [] for name in PEERS if name != "quix" or quix is not None}
    for turn in range(rounds):
        for name, found in spent.items():
            found.append(_asked(ground, name, source, count // SHARES.get(name, 1), turn, quix))
    each = {name: [one.each for one in spent.get(name, [])] for name in PEERS}
    yield plain("simple merge: decode only (aiokafka, fastavro)", middle(each["decode"]), "µs CPU/event")
    yield plain("simple merge: stock Faust 0.15.3, agent and table", middle(each["stock"]), "µs CPU/event")
    yield plain("simple merge: Quix Streams 3.28, state", middle(each["quix"]), "µs CPU/event")
    yield plain("simple merge: databus, batch driver, transactions", middle(each["ours"]), "µs CPU/event")
    yield at_least("simple merge: stock Faust / databus", middle(ratios(each["stock"], each["ours"])), 7.0)
    yield at_most("simple merge: databus / Quix Streams", middle(ratios(each["ours"], each["quix"])), 0.75)
    yield _two(ground, source, count, max(one.events / one.wall for one in spent["ours"]))


def _asked(ground: Ground, name: str, source: str, count: int, turn: int, quix: str | None) -> Spent:
    asked = _order(ground, f"simple-{name}-{turn}", source, count, name)
    return ground.ask(PEERS[name], asked, python=quix) if name == "quix" and quix is not None else ground.ask(PEERS[name], asked)


def _order(ground: Ground, group: str, source: str, count: int, name: str) -> Order:
    if name == "decode":
        return ground.order((source,), group=group, count=count)
    output = ground.topic(f"{group}-changes", topics.CHANGES)
    registers = ground.topic(f"{group}-registers", topics.REGISTERS) if name == "ours" else ""
    names = {topics.EVENTS: source, topics.CHANGES: output, topics.REGISTERS: registers}
    return ground.order((source,), group=group, count=count, output=output, work="simple", names=names)


def _two(ground: Ground, source: str, count: int, alone: float) -> Row:
    """Two workers of one group, half of the partitions each: by wall time, for that is what a second worker is for."""
    asked = _order(ground, "simple-two", source, int(count * 0.4), "ours")
    children = [ground.start("ours", asked) for _ in range(2)]
    found = [ground.spent(child, asked) for child in children]
    together = sum(one.events / one.wall for one in found)
    cores = os.cpu_count() or 1
    return at_least("simple merge: two workers / one", together / alone, 1.8, able=cores >= 4)
