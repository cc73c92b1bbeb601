"""`databus bench publish`: a department's file, and its requests, through mapping and checks into its inbox, next to what an engineer
writes who wants only to send the same bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.publish import files
from bench.publish.broker import Broker, broker
from bench.publish.posting import EVENTS, bodies, post
from bench.publish.runs import Ran, run
from databus.cli.bench import Row
from databus.errors import NotFound

ROWS = 20_000
"""Rows of a round; memory is measured with ten times as many."""

ROUNDS = 3
GOAL = 0.6
SHORT = 10_000
FLAT = 1.15
"""More memory than this times that of a file of `SHORT` rows is memory that grows with the file."""


def rows(*, submissions: int, seed: int, scenario: str) -> list[Row]:
    """Rates, processor time and memory of both, on one broker, round by round in turn. `scenario` is one part of it: file, http
    or memory; with memory alone `submissions` are the rows of its long file.

    A file is read, mapped, checked, encoded, sent, acknowledged, and its result file written; verdicts are not waited for.

    Raises:
        NotFound: there is no such part.
    """
    if scenario not in ("", *PARTS):
        raise NotFound(f"no part is named {scenario}; there are {', '.join(PARTS)}", part=scenario)
    count = submissions or ROWS
    with tempfile.TemporaryDirectory(prefix="databus-bench-") as folder, broker(Path(folder)) as bus:
        if scenario:
            return PARTS[scenario](Path(folder), bus, count, seed)
        sizes = {"memory": count * 10}
        return [row for name, part in PARTS.items() for row in part(Path(folder), bus, sizes.get(name, count), seed)]


def _file(folder: Path, bus: Broker, count: int, seed: int) -> list[Row]:
    both = files.written(folder, count, seed)
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(run("bare", both.plain, bus, count))
        ours.append(run("ours", both.own, bus, count))
    names = (f"publishing {count:,} rows of a file", "a bare loop of csv, fastavro and kafka-python, the same bytes")
    return _rates(ours, bare, count, names)


def _http(folder: Path, bus: Broker, count: int, seed: int) -> list[Row]:
    requests = bodies(count, seed)
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(post("bare", requests.plain, bus, count))
        ours.append(post("ours", requests.own, bus, count))
    names = (f"publishing {count:,} events by HTTP, {EVENTS} a request", "a bare FastAPI handler, fastavro and aiokafka, the same bytes")
    return _rates(ours, bare, count, names)


def _memory(folder: Path, bus: Broker, count: int, seed: int) -> list[Row]:
    short, long = (run("ours", files.own(folder, size, seed), bus, size) for size in (SHORT, count))
    grown = long.memory / short.memory
    told = [Row(f"most memory with {one.rows:,} rows", one.memory / (1 << 20), "MiB", "", None) for one in (short, long)]
    return [*told, Row("the same as a ratio", grown, "", f"<= {FLAT}", grown <= FLAT)]


PARTS: dict[str, Callable[[Path, Broker, int, int], list[Row]]] = {"file": _file, "http": _http, "memory": _memory}


def _rates(ours: list[Ran], bare: list[Ran], count: int, names: tuple[str, str]) -> list[Row]:
    ratio = median(one.rate for one in ours) / median(one.rate for one in bare)
    cpu = median(one.cpu for one in bare) / median(one.cpu for one in ours)
    return [
        Row(names[0], median(one.rate for one in ours), "rows/s", "", None),
        Row(names[1], median(one.rate for one in bare), "rows/s", "", None),
        Row("rate of publishing to the bare one's", ratio, "", f">= {GOAL}", ratio >= GOAL),
        Row("processor time of publishing one", 1e6 * median(one.cpu for one in ours) / count, "us", "", None),
        Row("processor time of the bare one's", 1e6 * median(one.cpu for one in bare) / count, "us", "", None),
        Row("the same as a ratio", cpu, "", f">= {GOAL}", cpu >= GOAL),
    ]
