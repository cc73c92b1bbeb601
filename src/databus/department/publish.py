"""A file, row by row, into a department's inbox."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Protocol

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.files import Row
from databus.department.mapping import FileMapping
from databus.department.publisher import Done, Taken
from databus.department.reading import Cut, Defect, apply
from databus.department.submission import Submission, compose, refuse_secrets
from databus.errors import BusUnavailable, DatabusError, NotAllowed, Rejected
from databus.model.keys import derived_id

ROWS_PER_SECOND = 1 << 28
"""Width of a batch in source_seq: batch second · 2²⁸ + row (design 5)."""

ANSWER_SECONDS = 60.0
"""How long the answer to a flushed submission may take before the bus counts as away."""

_UNREADABLE = "DQ-FMT-04"


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


class Sender(Protocol):
    """What publishing needs of a `Publisher`."""

    def publish(self, submission: Submission, done: Done) -> None:
        """Send; `done` is called once, when the submission is taken or failed."""
        ...

    def flush(self) -> None:
        """Wait until everything sent is taken or failed."""
        ...


def prepare(row: Row, *, mapping: FileMapping, contract: Contract, codec: Codec, batch: Batch) -> Submission | list[RowResult]:
    """The submission of one row, or what is wrong with it. Of a row that declares a secret nothing is repeated."""
    if row.problem:
        return [RowResult(row.number, "REFUSED", rule=_UNREADABLE, reason=row.problem)]
    cut, defects = apply(mapping, row.cells, contract)
    try:
        refuse_secrets(cut["envelope"])
        if defects:
            return [_unreadable(row, defect) for defect in defects]
        return _composed(row, cut, mapping, codec, batch)
    except Rejected as error:
        rule, field = error.facts.get("rule", _UNREADABLE), error.facts.get("field", "")
        return [RowResult(row.number, "REFUSED", rule=str(rule), field=str(field), reason=error.detail)]


def _unreadable(row: Row, defect: Defect) -> RowResult:
    return RowResult(
        row.number,
        "REFUSED",
        rule=_UNREADABLE,
        field=defect.field,
        observed=defect.observed,
        reason=f"expected {defect.expected}",
        suggestion=defect.suggestion,
    )


def _composed(row: Row, cut: Cut, mapping: FileMapping, codec: Codec, batch: Batch) -> Submission:
    return compose(
        cut,
        codec=codec,
        record_type=mapping.record_type,
        entry=mapping.entry,
        system=mapping.system,
        submission_id=derived_id("file", batch.department, mapping.entry.code, batch.second, row.number, _digest(row.cells)),
        seq=batch.second * ROWS_PER_SECOND + row.number,
        now=batch.second * 1000,
        secret=batch.secret,
        row=row.number,
    )


def _digest(cells: Mapping[str, str]) -> str:
    # Two files of one second have different ids, one file sent twice in that second has not.
    return hashlib.sha256("\x1f".join(f"{name}\x1e{text}" for name, text in cells.items()).encode()).hexdigest()


def publish_rows(
    rows: Iterable[Row], *, mapping: FileMapping, contract: Contract, codec: Codec, batch: Batch, publisher: Sender | None
) -> Iterator[RowResult]:
    """Publish rows and yield a result for each as it is known; without a publisher everything but the sending is done.

    Raises:
        NotAllowed: the mapping's entry is another department's, or the bus does not let this one write there.
        BusUnavailable: the bus stopped acknowledging; what was yielded as SENT is safe, the rest may be sent again.
    """
    if mapping.entry.department != batch.department:
        owner, code = mapping.entry.department, mapping.entry.code
        raise NotAllowed(f"the entry {code} is that of {owner}, not of {batch.department}", department=batch.department, entry=code)
    sending = None if publisher is None else _Sending(publisher)
    for row in rows:
        ready = prepare(row, mapping=mapping, contract=contract, codec=codec, batch=batch)
        if isinstance(ready, list):
            yield from ready
        elif sending is None:
            yield RowResult(row.number, "CHECKED", ready.submission_id)
        else:
            sending.send(row.number, ready)
            yield from sending.answered()
    if sending is not None:
        yield from sending.rest()


class _Sending:
    """Rows sent and not yet answered. Answers come on the producer's thread and are told on the caller's."""

    def __init__(self, publisher: Sender) -> None:
        self._publisher = publisher
        self._answers: SimpleQueue[tuple[str, Taken | DatabusError]] = SimpleQueue()
        self._waiting: dict[str, RowResult] = {}

    def send(self, row: int, submission: Submission) -> None:
        self._waiting[submission.submission_id] = RowResult(row, "SENT", submission.submission_id)
        self._publisher.publish(submission, lambda name, answer: self._answers.put((name, answer)))

    def answered(self) -> Iterator[RowResult]:
        """What is known by now."""
        yield from self._told(lambda: self._answers.get_nowait())

    def rest(self) -> Iterator[RowResult]:
        """Wait for everything; what is known is told even where the bus goes away."""
        try:
            self._publisher.flush()
        except BusUnavailable:
            yield from self.answered()
            raise
        yield from self._told(lambda: self._answers.get(timeout=ANSWER_SECONDS))
        if self._waiting:
            raise BusUnavailable(f"the bus did not answer for {len(self._waiting)} rows; they may be sent again", rows=len(self._waiting))

    def _told(self, next_answer: Callable[[], tuple[str, Taken | DatabusError]]) -> Iterator[RowResult]:
        failed: DatabusError | None = None
        while self._waiting:
            try:
                name, answer = next_answer()
            except Empty:
                break
            result = self._waiting.pop(name)
            if isinstance(answer, Taken):
                yield replace(result, partition=answer.partition, offset=answer.offset)
            elif isinstance(answer, Rejected) and not isinstance(answer, NotAllowed):
                yield replace(result, outcome="REFUSED", rule=_UNREADABLE, reason=answer.detail)
            else:
                failed = answer
        if failed is not None:
            raise failed
