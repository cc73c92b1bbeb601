"""A file, row by row, into a department's inbox."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.files.row import Row
from databus.department.mapping import Columns, FileMapping
from databus.department.outcome import ACCEPTED, CHECKED, REFUSED, UNCHANGED, UNREADABLE, Remark, RowResult
from databus.department.reading import Cut, Defect, apply
from databus.department.sending import Sender, Window
from databus.department.submission import Submission, compose, refuse_secrets
from databus.errors import BadMapping, NotAllowed, Rejected
from databus.model.finding import OBSERVED
from databus.model.keys import uuid8

ROWS_PER_SECOND = 1 << 28
"""Width of a batch in source_seq: batch second · 2²⁸ + row (design 5)."""

FINDING, OUTCOME, DIGEST = "finding", "outcome", "digest"
"""Marks of a result file that count when it is published again: what a row mends, and whether it has been changed."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What all rows of one publication share. `second` is the batch second, `secret` the department's own HMAC key."""

    department: str
    second: int
    secret: bytes


class Named(NamedTuple):
    """What a row is called on its way: its submission's id and sequence number, when it was recorded (milliseconds), its number."""

    submission_id: str
    seq: int
    now: int
    row: int


def prepare(row: Row, *, mapping: FileMapping, contract: Contract, codec: Codec, batch: Batch) -> Submission | tuple[Remark, ...]:
    """The submission of one row of a file, or what is wrong with it."""
    named = Named(_id(row, mapping, batch), batch.second * ROWS_PER_SECOND + row.number, batch.second * 1000, row.number)
    return submission_of(row, named, mapping=mapping, contract=contract, codec=codec, secret=batch.secret)


def submission_of(
    row: Row, named: Named, *, mapping: FileMapping, contract: Contract, codec: Codec, secret: bytes
) -> Submission | tuple[Remark, ...]:
    """The submission of one row, or what is wrong with it. Of a row that declares a secret nothing is repeated."""
    if row.problem:
        return (Remark(UNREADABLE, reason=row.problem),)
    cut, defects = apply(mapping, row.cells, contract)
    try:
        refuse_secrets(cut["envelope"])
        if defects:
            return tuple(map(_unreadable, defects))
        return _composed(row, named, cut, mapping, codec, secret)
    except Rejected as error:
        rule, field = error.facts.get("rule", UNREADABLE), error.facts.get("field", "")
        return (Remark(str(rule), str(field), reason=error.detail),)


def _unreadable(defect: Defect) -> Remark:
    return Remark(UNREADABLE, defect.field, defect.observed[:OBSERVED], f"expected {defect.expected}", defect.suggestion)


def _composed(row: Row, named: Named, cut: Cut, mapping: FileMapping, codec: Codec, secret: bytes) -> Submission:
    if row.marks and (mended := row.marks.get(FINDING)):
        cut["envelope"].setdefault("fixes", mended)
    return compose(
        cut,
        codec=codec,
        record_type=mapping.record_type,
        entry=mapping.entry,
        system=mapping.system,
        submission_id=named.submission_id,
        seq=named.seq,
        now=named.now,
        secret=secret,
        row=named.row,
    )


def _id(row: Row, mapping: FileMapping, batch: Batch) -> str:
    """Two files of one second have different ids, one file sent twice in that second has not."""
    known = _shared(batch.department, mapping.entry.code, batch.second).copy()
    known.update("\x1f".join((str(row.number), *row.cells, *row.cells.values())).encode("utf-8", "surrogatepass"))
    return uuid8(known.digest())


@lru_cache(maxsize=16)
def _shared(department: str, entry: str, second: int) -> hashlib._Hash:
    return hashlib.sha256(f"file\x1f{department}\x1f{entry}\x1f{second}\x1f".encode())


def digest(row: Row) -> str:
    """What tells whether a row has been changed: of its cells, not of its place."""
    told = "\x1f".join((*row.cells, *row.cells.values(), *row.surplus))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def prepared_rows(
    rows: Iterable[Row], *, mapping: Columns, contract: Contract, codec: Codec, batch: Batch
) -> Iterator[tuple[RowResult, Submission | None]]:
    """Each row as CHECKED with what there is to send, or as what it is without that: REFUSED, or UNCHANGED since it was accepted.

    Raises:
        NotAllowed: the mapping's entry is another department's.
    """
    if mapping.entry.department != batch.department:
        owner, code = mapping.entry.department, mapping.entry.code
        raise NotAllowed(f"the entry {code} is that of {owner}, not of {batch.department}", department=batch.department, entry=code)
    for row in rows:
        if row.marks and _unchanged(row):
            yield RowResult(row, UNCHANGED), None
            continue
        ready = _prepared(row, mapping, contract, codec, batch)
        if isinstance(ready, tuple):
            yield RowResult(row, REFUSED, "", ready), None
        else:
            yield RowResult(row, CHECKED, ready.submission_id), ready


def publish_rows(
    rows: Iterable[Row], *, mapping: Columns, contract: Contract, codec: Codec, batch: Batch, publisher: Sender
) -> Iterator[RowResult]:
    """Publish rows and yield what became of each, in their order, as it is known; no more than a window of them is held.

    A row of a result file that was accepted and has not been changed since is left out.

    Raises:
        NotAllowed: the mapping's entry is another department's, or the bus does not let this one write there.
        BusUnavailable: the bus stopped acknowledging; what was yielded as SENT is safe, the rest may be sent again.
    """
    window = Window(publisher)
    for result, ready in prepared_rows(rows, mapping=mapping, contract=contract, codec=codec, batch=batch):
        if ready is None:
            window.known(result)
        else:
            window.send(result.row, ready)
        yield from window.told()
    yield from window.rest()


def _unchanged(row: Row) -> bool:
    return not row.problem and row.marks.get(OUTCOME) == ACCEPTED and row.marks.get(DIGEST) == digest(row)


def _prepared(row: Row, mapping: Columns, contract: Contract, codec: Codec, batch: Batch) -> Submission | tuple[Remark, ...]:
    try:
        chosen = mapping.of(row)
    except BadMapping as error:
        return (Remark(UNREADABLE, str(error.facts.get("column", "")), reason=error.detail),)
    return prepare(row, mapping=chosen, contract=contract, codec=codec, batch=batch)
