"""All parts of the table, one after the other on one stack."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench.merge import full, growing, projecting, recovering, same, visible
from bench.merge.ground import Ground, ground
from bench.merge.quix import interpreter
from databus.cli.bench import Row
from databus.cli.output import aside
from databus.errors import NotFound

ROUNDS, FEW = 3, 20_000
Part = Callable[[Ground, int, int], Iterator[Row]]


def rounds_of(submissions: int) -> int:
    """How often everything is repeated; a small load is there to see that all of it works."""
    return ROUNDS if submissions > FEW else 1


def _same(here: Ground, submissions: int, seed: int) -> Iterator[Row]:
    return same.measure(here, submissions, interpreter(here.here.settings.cache), rounds_of(submissions))


def _full(here: Ground, submissions: int, seed: int) -> Iterator[Row]:
    return full.measure(here, max(1, submissions // 5), seed, rounds_of(submissions))


def _projector(here: Ground, submissions: int, seed: int) -> Iterator[Row]:
    return projecting.measure(here, max(1, submissions // 5), seed, rounds_of(submissions))


def _recovery(here: Ground, submissions: int, seed: int) -> Iterator[Row]:
    return recovering.measure(here, submissions, seed, rounds_of(submissions))


def _visible(here: Ground, submissions: int, seed: int) -> Iterator[Row]:
    return visible.measure(here, seed, seconds=min(visible.SECONDS, submissions / visible.RATE))


PARTS: Mapping[str, Part] = {
    "same": _same,
    "full": _full,
    "projector": _projector,
    "recovery": _recovery,
    "registers": growing.registers,
    "subject": growing.subject,
    "heads": growing.heads,
    "visible": _visible,
}


def run(submissions: int, seed: int, part: str) -> list[Row]:
    """The parts asked for, each told when it is done.

    Raises:
        NotFound: there is no such part.
    """
    if part and part not in PARTS:
        raise NotFound(f"no part is named {part}; there are {', '.join(PARTS)}", part=part)
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="databus-merge-") as folder, ground(Path(folder)) as here:
        for name in [part] if part else PARTS:
            began = time.monotonic()
            for row in PARTS[name](here, submissions, seed):
                found.append(row)
                aside().print(f"{row.measure}: {'–' if row.value is None else f'{row.value:,.2f}'} {row.unit}")
            aside().print(f"{name}: {time.monotonic() - began:.0f} s")
    return found
