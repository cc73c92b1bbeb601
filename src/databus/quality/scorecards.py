"""What scorecards count, told by the contract; how departments rank (domain 5.2, 5.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from databus.contract.calendar import SHANGHAI
from databus.contract.catalogue import Contract
from databus.contract.entries import Entry
from databus.errors import Malformed
from databus.quality.batch import targets
from databus.store.scorecards import Sample, Score
from databus.store.scoring import Asked, Due

METRICS = "metric"
RANKED = "pass_rate"
"""What the league table is ordered by; then by the others in the order of the list."""
_LONGEST_MONTHS = 240


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as the list `metric` has it. `high` says that more is better, `days` that it is a median of days."""

    code: str
    zh: str
    en: str
    zh_of: str
    en_of: str
    high: bool
    days: bool
    sampled: bool


def metrics(contract: Contract) -> tuple[Metric, ...]:
    """All metrics, in the order in which they are shown."""
    return tuple(
        Metric(
            row.code, row.zh, row.en, row.more["zh_of"], row.more["en_of"], row.more["better"] == "high", row.more.get("unit") == "days",
            bool(row.more.get("sampled")),
        )
        for row in contract.codes.rows(METRICS)
    )  # fmt: skip


def asked(contract: Contract, *, since: date, today: date) -> Asked:
    """What is counted from a month on, by what the contract says today."""
    entries = contract.entries.values()
    cells = [
        (entry.code, field)
        for entry in entries
        for field in dict.fromkeys((*entry.required, *(one.field for one in targets(entry, contract))))
    ]
    return Asked(
        cells=[(code, field) for code, field in cells if not field.startswith("envelope.")],
        limited=[entry.code for entry in entries if entry.late_after is not None],
        words=[row.code for row in contract.codes.rows("placeholder")],
        rules=[row.code for row in contract.codes.rows("dq_rule") if row.more["level"] == "submission"],
        due=[due for entry in entries for due in _due(entry, contract, since, today)],
    )


def months_between(first: date, last: date) -> Iterator[date]:
    """The first days of the months from one to another, at most twenty years of them."""
    month, left = first.replace(day=1), _LONGEST_MONTHS
    while month <= last and left:
        yield month
        month, left = next_month(month), left - 1


def next_month(month: date) -> date:
    """The first day of the month behind one."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _due(entry: Entry, contract: Contract, since: date, today: date) -> Iterator[Due]:
    """The months in which an entry was in force, each with the last stretch in which a delivery kept its cycle."""
    span = contract.feedback.silence.get(entry.update_cycle)
    for month in months_between(since, today):
        end = min(next_month(month) - timedelta(days=1), today)
        if span is None or not entry.active(month) or not entry.active(end):
            continue
        first = end - timedelta(days=span.days)
        while span.after(first - timedelta(days=1), contract.calendar) >= end:
            first -= timedelta(days=1)
        yield Due(month, entry.department, entry.code, _start(first), _start(end + timedelta(days=1)))


def _start(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Place:
    """A department's place in the league table; None where too little came to be ranked."""

    rank: int | None
    department: str
    scores: Mapping[str, Score]


def league(scores: Iterable[Score], contract: Contract) -> tuple[Place, ...]:
    """The departments of one month, the best pass rate first; equal ones share a place, and those with too little come last."""
    least, found = contract.feedback.suppress_below, defaultdict[str, dict[str, Score]](dict)
    for score in scores:
        found[score.department][score.metric] = score
    shares = {name: own[RANKED].share(least) if RANKED in own else None for name, own in found.items()}
    ranked = sorted((name for name in found if shares[name] is not None), key=lambda name: (-(shares[name] or 0), name))
    places = [Place(1 + sum((shares[other] or 0) > (shares[name] or 0) for other in ranked), name, found[name]) for name in ranked]
    return (*places, *(Place(None, name, found[name]) for name in sorted(found) if shares[name] is None))


def sample_of(row: Mapping[str, str], contract: Contract) -> Sample:
    """A row `month, department, catalog_code, metric, numerator, denominator, source` of a check of samples.

    Raises:
        Malformed: a member is missing or not what it should be; the error says which.
    """
    known = {metric.code for metric in metrics(contract) if metric.sampled}
    try:
        month = date.fromisoformat(f"{row['month'].strip()}-01")
        one = Sample(
            month, row["department"].strip(), row["catalog_code"].strip(), row["metric"].strip(), int(row["numerator"]),
            int(row["denominator"]), row["source"].strip()[:200],
        )  # fmt: skip
    except (KeyError, ValueError, AttributeError) as error:
        raise Malformed(
            f"A sample has month (2026-03), department, catalog_code, metric, numerator, denominator, source: {error}."
        ) from None
    entry = contract.entries.get(one.catalog_code)
    if entry is None or entry.department != one.department:
        raise Malformed(f"{one.department} has no entry {one.catalog_code}.", catalog_code=one.catalog_code)
    if one.metric not in known or not 0 <= one.numerator <= one.denominator or not one.source:
        raise Malformed(
            f"metric is one of {', '.join(sorted(known))}, 0 ≤ numerator ≤ denominator, and the source is named.", metric=one.metric
        )
    return one
