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


def own(folder: Path, count: int, seed: int) -> Path:
    """The department's own file, of so many rows."""
    path = folder / f"own-{count}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file)
        for number, cells in enumerate(_cells(count, seed)):
            if not number:
                write.writerow(cells)
            write.writerow(cells.values())
    return path


def written(folder: Path, count: int, seed: int) -> Both:
    """Both files, of so many rows."""
    both = Both(own(folder, count, seed), folder / f"plain-{count}.csv")
    with both.plain.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file)
        for number, (key, told) in enumerate(_prepared(count, seed)):
            row = {"key": key, **_flat(told)}
            if not number:
                write.writerow(row)
            write.writerow(row.values())
    return both


def facts(count: int, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """So many facts as JSON has them, each with its key: what the rows of the own file become."""
    for key, told in _prepared(count, seed):
        yield key, jsonable(told)


def _prepared(count: int, seed: int) -> Iterator[tuple[str, Any]]:
    contract = catalogue.load(CHECKOUT / "schemas")
    codec, chosen = contract.codec(), mapping.load(MAPPING, contract)
    batch = Batch(chosen.entry.department, SECOND, SECRET)
    for number, cells in enumerate(_cells(count, seed), start=1):
        ready = prepare(Row(number, cells), mapping=chosen, contract=contract, codec=codec, batch=batch)
        assert isinstance(ready, Submission), ready
        yield ready.key.decode(), codec.decode(ready.value)[1]


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
