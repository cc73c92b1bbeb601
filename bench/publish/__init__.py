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
    or memory, which takes a file of ten times as many rows.

    A file is read, mapped, checked, encoded, sent, acknowledged, and its result file written; verdicts are not waited for.

    Raises:
        NotFound: there is no such part.
    """
    if scenario and scenario not in PARTS:
        raise NotFound(f"no part is named {scenario}; there are {', '.join(PARTS)}", part=scenario)
    parts = [PARTS[scenario]] if scenario else PARTS.values()
    with tempfile.TemporaryDirectory(prefix="databus-bench-") as folder, broker(Path(folder)) as bus:
        return [row for part in parts for row in part(Path(folder), bus, submissions or ROWS, seed)]


def _file(folder: Path, bus: Broker, count: int, seed: int) -> list[Row]:
    both = files.written(folder, count, seed)
    names = (f"publishing {count:,} rows of a file", "a bare loop of csv, fastavro and kafka-python, the same bytes")
    return _rates(lambda: run("ours", both.own, bus, count), lambda: run("bare", both.plain, bus, count), names)


def _http(folder: Path, bus: Broker, count: int, seed: int) -> list[Row]:
    requests = bodies(count, seed)
    names = (f"publishing {count:,} events by HTTP, {EVENTS} a request", "a bare FastAPI handler, fastavro and aiokafka, the same bytes")
    return _rates(lambda: post("ours", requests.own, bus, count), lambda: post("bare", requests.plain, bus, count), names)


def _memory(folder: Path, bus: Broker, count: int, seed: int) -> list[Row]:
    short, long = (run("ours", files.own(folder, size, seed), bus, size) for size in (SHORT, count * 10))
    grown = long.memory / short.memory
    told = [Row(f"most memory with {one.rows:,} rows", one.memory / (1 << 20), "MiB", "", None) for one in (short, long)]
    return [*told, Row("the same as a ratio", grown, "", f"<= {FLAT}", grown <= FLAT)]


PARTS: dict[str, Callable[[Path, Broker, int, int], list[Row]]] = {"file": _file, "http": _http, "memory": _memory}


def _rates(publish: Callable[[], Ran], send: Callable[[], Ran], names: tuple[str, str]) -> list[Row]:
    bare, ours = zip(*[(send(), publish()) for _ in range(ROUNDS)], strict=True)
    rate, bare_rate = (median(one.rate for one in ran) for ran in (ours, bare))
    each, bare_each = (1e6 * median(one.cpu / one.rows for one in ran) for ran in (ours, bare))
    return [
        Row(names[0], rate, "rows/s", "", None),
        Row(names[1], bare_rate, "rows/s", "", None),
        Row("rate of publishing to the bare one's", rate / bare_rate, "", f">= {GOAL}", rate / bare_rate >= GOAL),
        Row("processor time of publishing one", each, "us", "", None),
        Row("processor time of the bare one's", bare_each, "us", "", None),
        Row("the same as a ratio", bare_each / each, "", f">= {GOAL}", bare_each / each >= GOAL),
    ]
