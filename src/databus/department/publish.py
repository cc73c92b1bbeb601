"""A file, row by row, into a department's inbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Any

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.files import Row
from databus.department.mapping import FileMapping
from databus.department.publisher import Publisher, Taken
from databus.department.reading import apply
from databus.department.submission import Submission, compose
from databus.errors import DatabusError, Rejected
from databus.model.keys import derived_id

ROWS_PER_SECOND = 1 << 28
"""Width of a batch in source_seq: batch second · 2²⁸ + row (design 5)."""


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row: SENT, CHECKED (dry run) or REFUSED with rule, field, reason and suggestion."""

    row: int
    outcome: str
    submission_id: str = ""
    rule: str = ""
    field: str = ""
    observed: str = ""
    reason: str = ""
    suggestion: str = ""
    partition: int = -1
    offset: int = -1


@dataclass(frozen=True, slots=True)
class Batch:
    """What all rows of one publication share. `second` is the batch second, `secret` the department's own HMAC key."""

    department: str
    second: int
    secret: bytes


def prepare(
    row: Row,
    *,
    mapping: FileMapping,
    contract: Contract,
    codec: Codec,
    batch: Batch,
    told: Callable[[Mapping[str, Any]], int | None] | None = None,
) -> Submission | list[RowResult]:
    """The submission of one row, or what is wrong with it."""
    if row.problem:
        return [RowResult(row.number, "REFUSED", rule="DQ-FMT-04", reason=row.problem)]
    cut, defects = apply(mapping, row.cells, contract)
    if defects:
        return [
            RowResult(
                row.number,
                "REFUSED",
                rule="DQ-FMT-04",
                field=d.field,
                observed=d.observed,
                reason=f"expected {d.expected}",
                suggestion=d.suggestion,
            )
            for d in defects
        ]
    try:
        return compose(
            cut,
            codec=codec,
            record_type=mapping.record_type,
            entry=mapping.entry,
            system=mapping.system,
            submission_id=derived_id("file", batch.department, batch.second, row.number),
            seq=batch.second * ROWS_PER_SECOND + row.number,
            now=batch.second * 1000,
            secret=batch.secret,
            told=told(cut) if told else None,
            row=row.number,
        )
    except Rejected as error:
        facts = error.facts
        return [
            RowResult(
                row.number, "REFUSED", rule=str(facts.get("rule", "DQ-FMT-04")), field=str(facts.get("field", "")), reason=error.detail
            )
        ]


def publish_rows(
    rows: Iterable[Row], *, mapping: FileMapping, contract: Contract, codec: Codec, batch: Batch, publisher: Publisher | None
) -> Iterator[RowResult]:
    """Publish rows and yield a result for each as it is known; without a publisher everything but the sending is done.

    Raises:
        BusUnavailable: the bus stopped acknowledging; what was yielded as SENT is safe, the rest may be sent again.
    """
    answers: SimpleQueue[tuple[str, Taken | DatabusError]] = SimpleQueue()
    waiting: dict[str, RowResult] = {}
    for row in rows:
        ready = prepare(row, mapping=mapping, contract=contract, codec=codec, batch=batch)
        if isinstance(ready, list):
            yield from ready
            continue
        if publisher is None:
            yield RowResult(row.number, "CHECKED", ready.submission_id)
            continue
        waiting[ready.submission_id] = RowResult(row.number, "SENT", ready.submission_id)
        publisher.publish(ready, lambda name, answer: answers.put((name, answer)))
        yield from _answered(answers, waiting)
    if publisher is not None:
        publisher.flush()
        while waiting:
            yield _result(waiting, *answers.get())


def _answered(answers: SimpleQueue[tuple[str, Taken | DatabusError]], waiting: dict[str, RowResult]) -> Iterator[RowResult]:
    while not answers.empty():
        yield _result(waiting, *answers.get())


def _result(waiting: dict[str, RowResult], submission_id: str, answer: Taken | DatabusError) -> RowResult:
    result = waiting.pop(submission_id)
    if isinstance(answer, Taken):
        return replace(result, partition=answer.partition, offset=answer.offset)
    return replace(result, outcome="REFUSED", rule=answer.code, reason=answer.detail)
