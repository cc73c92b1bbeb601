"""Recovery of the state: ours by raw bytes beside stock Faust's of the same changelog."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from random import Random

from bench.merge.ground import Ground, Row, Spent
from bench.merge.peers.simple import PARTITIONS, SOURCES
from bench.merge.table import at_most, middle, plain, ratios
from databus.bus import topics
from databus.cli.bench import Row as Measured
from databus.model.keys import pack

NAME, SIZE = "recovered", 400
PEERS = {"ours": "recovering", "stock": "restoring"}


def measure(ground: Ground, count: int, seed: int, rounds: int) -> Iterator[Measured]:
    """Each round lets both recover the same registers, all of them."""
    registers = ground.topic(f"{NAME}-registers", topics.REGISTERS, PARTITIONS)
    source = ground.topic(f"{NAME}-events", topics.EVENTS, PARTITIONS)
    ground.feed(_registers(registers, count, seed), {registers: PARTITIONS})
    spent: dict[str, list[Spent]] = {name: [] for name in PEERS}
    for turn in range(rounds):
        for name, peer in PEERS.items():
            asked = ground.order((source,), group=f"{NAME}-{name}-{turn}", count=count, registers=registers)
            spent[name].append(ground.ask(peer, asked))
    each = {name: [one.each for one in found] for name, found in spent.items()}
    yield plain("recovery: stock Faust 0.15.3, table in memory", middle(each["stock"]), "µs CPU/register")
    yield plain("recovery: databus, raw bytes", middle(each["ours"]), "µs CPU/register")
    yield at_most("recovery: databus / stock Faust", middle(ratios(each["ours"], each["stock"])), 0.05)


def _registers(topic: str, count: int, seed: int) -> Iterator[tuple[str, bytes, Row]]:
    draw = Random(seed)
    for number in range(count):
        subject = str(uuid.UUID(int=draw.getrandbits(128)))
        yield topic, subject.encode(), (pack(subject, SOURCES[number % len(SOURCES)]), draw.randbytes(SIZE), ())
