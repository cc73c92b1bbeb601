"""`databus bench publish`: a department's file, and its requests, through mapping and checks into its inbox, next to what an engineer
writes who wants only to send the same bytes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from bench.publish.broker import broker
from bench.publish.files import written
from bench.publish.posting import EVENTS, bodies, post
from bench.publish.runs import Ran, run
from databus.cli.bench import Row

ROWS = 20_000
"""Rows of a round; memory is also measured with ten times as many, and with half of them."""

ROUNDS = 3
GOAL = 0.6
FLAT = 1.15
"""More memory than this times that of a short file is memory that grows with the file."""


def rows(*, submissions: int, seed: int, scenario: str) -> list[Row]:
    """Rates, processor time and memory of both, on one broker, round by round in turn; `scenario` is not used.

    The file is read, mapped, checked, encoded, sent, acknowledged, and its result file written; verdicts are not waited for.
    """
    count = submissions or ROWS
    with tempfile.TemporaryDirectory(prefix="databus-bench-") as folder, broker(Path(folder)) as bus:
        place = Path(folder)
        both = written(place, count, seed)
        ours, bare = [], []
        for _ in range(ROUNDS):
            bare.append(run("bare", both.plain, bus, count))
            ours.append(run("ours", both.own, bus, count))
        short = run("ours", written(place, max(1, count // 2), seed).own, bus, max(1, count // 2))
        requests = bodies(count, seed)
        served: dict[str, list[Ran]] = {"bare": [], "ours": []}
        for _ in range(ROUNDS):
            served["bare"].append(post("bare", requests.plain, bus, count))
            served["ours"].append(post("ours", requests.own, bus, count))
        long = run("ours", written(place, count * 10, seed).own, bus, count * 10)
    names = (f"publishing {count:,} rows of a file", "a bare loop of csv, fastavro and kafka-python, the same bytes")
    http = (f"publishing {count:,} events by HTTP, {EVENTS} a request", "a bare FastAPI handler, fastavro and aiokafka, the same bytes")
    return [*_rates(ours, bare, count, names), *_memory(short, ours[0], long), *_rates(served["ours"], served["bare"], count, http)]


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


def _memory(*runs: Ran) -> list[Row]:
    first, last = runs[0], runs[-1]
    told = [Row(f"most memory with {one.rows:,} rows", one.memory / (1 << 20), "MiB", "", None) for one in runs]
    grown = last.memory / first.memory
    return [*told, Row(f"memory with {last.rows:,} rows to that with {first.rows:,}", grown, "", f"<= {FLAT}", grown <= FLAT)]
