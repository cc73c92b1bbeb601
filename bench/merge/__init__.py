"""`databus bench merge`: what an event costs, beside the best engines there are, down to the floor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from databus.cli.bench import Row

SUBMISSIONS = 100_000


def rows(*, submissions: int, seed: int, scenario: str) -> list[Row]:
    """The table. `scenario` is one part of it by name; a smaller number of submissions makes all parts smaller.

    Raises:
        NotFound: there is no such part.
    """
    # Imported here: peers under this package run where databus is not installed.
    from bench.merge.run import run

    return run(submissions or SUBMISSIONS, seed, scenario)
