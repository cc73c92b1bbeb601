"""A file or an outbox that is not sent: each of its rows with what would become of it, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from databus.contract.catalogue import Contract
from databus.department.http import foresight
from databus.department.http.foresight import Foreseen
from databus.department.outcome import CHECKED, Remark, RowResult
from databus.department.submission import Submission

PAGE = 500
"""Rows asked about at once."""

Prepared = tuple[RowResult, Submission | None]
"""A row, and what there is to send of it."""

Ask = Callable[[Sequence[Submission]], Sequence[Foreseen]]
"""What would become of submissions; see `department.http.foresight.Foresee`."""


class Foretold(NamedTuple):
    """A row with its outcome (CHECKED where it would be accepted), and the same as HTTP's `dry_run` tells it."""

    result: RowResult
    told: Mapping[str, Any]


def foretold(prepared: Iterable[Prepared], *, ask: Ask, contract: Contract) -> Iterator[Foretold]:
    """Prepared rows in their order with what is foreseen of each; no more than a page of them is held.

    Raises:
        StoreUnavailable, PolicyUnavailable: a part that was asked is away.
    """
    rest = iter(prepared)
    while page := list(islice(rest, PAGE)):
        sent = [ready for _, ready in page if ready is not None]
        seen = iter(zip(sent, ask(sent), strict=True)) if sent else iter(())
        for result, ready in page:
            yield _unsent(result) if ready is None else _told(result, *next(seen), contract)


def _unsent(result: RowResult) -> Foretold:
    problems = [
        {"rule": one.rule, "field": one.field, "observed": one.observed, "expected": one.reason, "suggestion": one.suggestion}
        for one in result.remarks
    ]
    return Foretold(result, {"row": result.row.number, "outcome": result.outcome, **({"problems": problems} if problems else {})})


def _told(result: RowResult, submission: Submission, seen: Foreseen, contract: Contract) -> Foretold:
    told = foresight.body(submission, seen, contract)
    # A row that was accepted is left out when its result file is published; this one has not been.
    outcome = CHECKED if told["outcome"] == foresight.ACCEPTED else told["outcome"]
    remarks = tuple(map(_remark, seen.findings))
    return Foretold(result._replace(outcome=outcome, remarks=remarks), {"row": result.row.number, **told})


def _remark(finding: Mapping[str, Any]) -> Remark:
    fix = finding["suggestion"] or finding["expected"]
    # A finding of what was never sent cannot be mended, and its id is nowhere.
    return Remark(finding["rule"], finding["field"], finding["observed"], finding["message"]["en"], fix, finding["verdict"])
