"""The same facts twice: in a department's own columns, and ready as what is sent."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

from databus.contract import catalogue
from databus.contract.values import jsonable
from databus.department import mapping
from databus.department.files.opening import opened
from databus.department.files.row import Row
from databus.department.publish import Batch, prepare
from databus.department.submission import Submission
from databus.settings import CHECKOUT

SAMPLES = CHECKOUT / "schemas" / "LP_REGISTRATION" / "samples"
MAPPING = SAMPLES / "historical.yaml"
SECOND, SECRET = 1_795_400_000, b"s" * 32


@dataclass(frozen=True)
class Both:
    """A department's own file, and the plain one."""

    own: Path
    plain: Path


def written(folder: Path, count: int, seed: int) -> Both:
    """Both files, of so many rows."""
    both = Both(folder / f"own-{count}.csv", folder / f"plain-{count}.csv")
    contract = catalogue.load(CHECKOUT / "schemas")
    codec, chosen = contract.codec(), mapping.load(MAPPING, contract)
    batch = Batch(chosen.entry.department, SECOND, SECRET)
    with both.own.open("w", encoding="utf-8", newline="") as own, both.plain.open("w", encoding="utf-8", newline="") as plain:
        mine, theirs = csv.writer(own), None
        for number, cells in enumerate(_cells(count, seed), start=1):
            ready = prepare(Row(number, cells), mapping=chosen, contract=contract, codec=codec, batch=batch)
            assert isinstance(ready, Submission), ready
            if theirs is None:
                mine.writerow(cells)
            mine.writerow(cells.values())
            if number <= PLAIN:
                _, told = codec.decode(ready.value)
                facts = {"key": ready.key.decode(), **_flat(told)}
                if theirs is None:
                    theirs = csv.writer(plain)
                    theirs.writerow(facts)
                theirs.writerow(facts.values())
    return both


def facts(count: int, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """So many facts as JSON has them, each with its key: what the rows of the own file become."""
    contract = catalogue.load(CHECKOUT / "schemas")
    codec, chosen = contract.codec(), mapping.load(MAPPING, contract)
    batch = Batch(chosen.entry.department, SECOND, SECRET)
    for number, cells in enumerate(_cells(count, seed), start=1):
        ready = prepare(Row(number, cells), mapping=chosen, contract=contract, codec=codec, batch=batch)
        assert isinstance(ready, Submission), ready
        yield ready.key.decode(), jsonable(codec.decode(ready.value)[1])


PLAIN = 1_000_000
"""Rows that the bare loop is measured with at most; a longer file only shows that memory stays."""


def _cells(count: int, seed: int) -> Iterator[dict[str, str]]:
    """Rows of the shipped archive in turn, each under a name of its own."""
    with opened(MAPPING.with_suffix(".csv")) as table:
        sample = [row.cells for row in table.rows]
    Random(seed).shuffle(sample)
    name = next(iter(sample[0]))
    for number, cells in zip(range(count), cycle(sample), strict=False):
        yield {**cells, name: f"{cells[name]}{number}"}


def _flat(told: dict[str, dict[str, object]]) -> dict[str, object]:
    envelope = told["envelope"]
    subject = envelope.pop("subject")
    assert isinstance(subject, dict)
    parts = {**envelope, **{f"subject.{name}": value for name, value in subject.items()}}
    return {name: "" if value is None else jsonable(value) for name, value in {**parts, **told["payload"]}.items()}
