"""Progress bars on standard error, for work that takes a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from databus.cli.output import aside

_OFTEN = 1_000


@contextmanager
def bar(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar to be told (done, of how many); nothing is drawn where `quiet` or where nobody looks."""
    out = aside()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, disable=quiet or not out.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def reading(what: str, size: int, done: Callable[[], int]) -> Iterator[Callable[[], None]]:
    """A bar over the bytes of a file, to be told of each row; `done` says how many bytes are read."""
    out = aside()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    rows, began = 0, time.monotonic()
    with Progress(*columns, console=out, disable=not out.is_terminal) as progress:
        task = progress.add_task(what, total=size, rate="")

        def step() -> None:
            nonlocal rows
            rows += 1
            if rows % _OFTEN == 0:
                progress.update(task, completed=done(), rate=f"{rows:,} rows, {rows / (time.monotonic() - began):,.0f}/s")

        yield step
