"""`databus scorecards`: how departments deliver, in shares with numerator and denominator, and who leads."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from databus.bootstrap.followup import keep_scores
from databus.cli.answering import require_department
from databus.cli.output import as_json, console, table
from databus.cli.session import Session, session
from databus.contract.catalogue import Contract
from databus.errors import Malformed
from databus.quality.scorecards import Metric, league, metrics, sample_of
from databus.store import scorecards as store
from databus.store.scorecards import Score


def scorecards(
    department: Annotated[str, typer.Option("--department", help="slug of a department [default: the league table of all]")] = "",
    month: Annotated[str, typer.Option("--month", help="such as 2026-03 [default: the latest]")] = "",
    recount: Annotated[bool, typer.Option("--recount", help="count every month anew first")] = False,
    samples: Annotated[Path | None, typer.Option("--samples", help="CSV of what checks of samples found, kept first")] = None,
    language: Annotated[str, typer.Option("--lang", help="zh or en")] = "en",
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Show a department's scorecard per catalogue entry, or the league table."""
    here = session()
    if department:
        require_department(here, department)
    if samples is not None:
        kept = [sample_of(row, here.contract) for row in _rows(samples)]
        here.ask(lambda pool: store.keep_samples(pool, kept))
    here.ask(lambda pool: keep_scores(pool, here.contract, everything=recount or samples is not None))
    shown = _month(month) if month else next(iter(here.ask(lambda pool: store.months(pool, department))), None)
    if shown is None:
        console().print("Nothing has been received yet.")
        return 0
    scores = _scores(here, department, shown)
    if as_document:
        least = here.contract.feedback.suppress_below
        print(as_json([{**asdict(one), "share": one.share(least)} for one in scores]))
        return 0
    known = metrics(here.contract)
    columns = [metric.zh if language == "zh" else metric.en for metric in known]
    title = f"{department or 'league table'}, {shown:%Y-%m}"
    console().print(table(title, ["entry" if department else "department", *columns], _lines(scores, known, here.contract, department)))
    return 0


def _scores(here: Session, department: str, month: date) -> tuple[Score, ...]:
    if department:
        return here.ask(lambda pool: store.by_entry(pool, department, first=month, last=month))
    medians = [metric.code for metric in metrics(here.contract) if metric.days]
    return here.ask(lambda pool: store.by_department(pool, "", first=month, last=month, medians=medians))


def _lines(scores: Iterable[Score], known: tuple[Metric, ...], contract: Contract, department: str) -> list[list[str]]:
    if not department:
        return [
            [f"{place.rank or '–'} {place.department}", *(_cell(place.scores.get(metric.code), metric, contract) for metric in known)]
            for place in league(scores, contract)
        ]
    by_entry: dict[str, dict[str, Score]] = {}
    for one in scores:
        by_entry.setdefault(one.catalog_code, {})[one.metric] = one
    return [[code or "unreadable", *(_cell(own.get(metric.code), metric, contract) for metric in known)] for code, own in by_entry.items()]


def _cell(score: Score | None, metric: Metric, contract: Contract) -> str:
    """`98.2 % (54/55)`; only the counts where there are too few of them for a share."""
    if score is None:
        return "–"
    if metric.days:
        return f"{score.numerator} ({score.denominator})"
    share = score.share(contract.feedback.suppress_below)
    counts = f"({score.numerator}/{score.denominator})"
    return f"{share:.1%} {counts}" if share is not None else f"– (< {contract.feedback.suppress_below})"


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Malformed(f"{path.name} cannot be read as CSV in UTF-8: {error}") from error


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Malformed("A month is such as 2026-03.", month=text[:20]) from None
