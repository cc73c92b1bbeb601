"""What became of a row, and what is wrong with it."""

from __future__ import annotations

from typing import NamedTuple

from databus.department.files.row import Row

SENT, CHECKED, REFUSED, UNCHANGED = "SENT", "CHECKED", "REFUSED", "UNCHANGED"
ACCEPTED, REJECTED, HELD = "ACCEPTED", "REJECTED", "HELD"
BAD = (REFUSED, REJECTED, HELD)
"""Outcomes of rows that have not come through."""

UNREADABLE = "DQ-FMT-04"
"""The rule that what is no value of its field breaks (design 7)."""


class Remark(NamedTuple):
    """One thing said of a row: by which rule, of which field (`subject.…` and `envelope.…` beside the payload's), and what would do."""

    rule: str
    field: str = ""
    observed: str = ""
    reason: str = ""
    suggestion: str = ""
    verdict: str = "R"
    finding_id: str = ""


class RowResult(NamedTuple):
    """One row and its outcome: SENT, CHECKED (dry run), REFUSED, or UNCHANGED since it was accepted; where the bus keeps it."""

    row: Row
    outcome: str
    submission_id: str = ""
    remarks: tuple[Remark, ...] = ()
    partition: int = -1
    offset: int = -1
