"""Scorecards as they are read: shares with numerator and denominator, by department, entry and month; and what samples found."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from databus.store.sessions import Pool, session, storable


@dataclass(frozen=True, slots=True)
class Score:
    """One metric in a month. `catalog_code` is empty for what came under no readable entry, and for a whole department."""

    month: date
    department: str
    catalog_code: str
    metric: str
    numerator: int
    denominator: int

    def share(self, least: int) -> float | None:
        """The share; None where fewer than `least` are counted (domain 5.2)."""
        return self.numerator / self.denominator if self.denominator >= least else None


@dataclass(frozen=True, slots=True)
class Sample:
    """What an independent check of a sample found (accuracy, concealed_rate); `source` names the check."""

    month: date
    department: str
    catalog_code: str
    metric: str
    numerator: int
    denominator: int
    source: str


_SCORES = """
SELECT month, department, catalog_code, metric, numerator, denominator FROM scorecards
WHERE ($1 = '' OR department = $1) AND month >= $2 AND month <= $3 ORDER BY month, department, catalog_code, metric
"""
# A median of medians is none: over several entries only the number of cases adds up.
_TOTALS = """
SELECT month, department, '' AS catalog_code, metric, sum(numerator)::bigint AS numerator, sum(denominator)::bigint AS denominator
FROM scorecards WHERE ($1 = '' OR department = $1) AND month >= $2 AND month <= $3 AND NOT metric = ANY($4::text[])
GROUP BY month, department, metric ORDER BY month, department, metric
"""
_MONTHS = "SELECT DISTINCT month FROM scorecards WHERE $1 = '' OR department = $1 ORDER BY month DESC"
_SAMPLE = """
INSERT INTO reconciliation_samples VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (month, department, catalog_code, metric, source) DO UPDATE SET
    numerator = excluded.numerator, denominator = excluded.denominator
"""


async def by_entry(pool: Pool, department: str, *, first: date, last: date) -> tuple[Score, ...]:
    """The scores of a department (empty: of all) per entry, from one month to another.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(department):
        return ()
    async with session(pool) as connection:
        return tuple(Score(**dict(row.items())) for row in await connection.fetch(_SCORES, department, first, last))


async def by_department(pool: Pool, department: str, *, first: date, last: date, medians: Collection[str] = ()) -> tuple[Score, ...]:
    """The scores of whole departments, all their entries together; `medians` are metrics that do not add up.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(department):
        return ()
    async with session(pool) as connection:
        rows = await connection.fetch(_TOTALS, department, first, last, list(medians))
        return tuple(Score(**dict(row.items())) for row in rows)


async def months(pool: Pool, department: str = "") -> tuple[date, ...]:
    """The months there are scores of, the latest first.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(department):
        return ()
    async with session(pool) as connection:
        return tuple(row["month"] for row in await connection.fetch(_MONTHS, department))


async def keep_samples(pool: Pool, samples: Iterable[Sample]) -> None:
    """Keep what checks of samples found; the same check told again replaces what it told before.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    rows = [(one.month, one.department, one.catalog_code, one.metric, one.numerator, one.denominator, one.source) for one in samples]
    async with session(pool) as connection, connection.transaction():
        await connection.executemany(_SAMPLE, rows)
