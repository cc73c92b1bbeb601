"""A failed check, what to do about it, and what became of it (domain 5.3)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from databus.model.nouns import dataclass


class Verdict(StrEnum):
    """R reject, H hold, W warn (design 4)."""

    REJECT = "R"
    HOLD = "H"
    WARN = "W"


class FindingStatus(StrEnum):
    """Where a finding stands. OVERDUE is said by the clock, FIXED by a submission or the profile, the others by the department."""

    ISSUED = "ISSUED"
    ACK = "ACK"
    FIXED = "FIXED"
    REJECTED = "REJECTED"
    OVERDUE = "OVERDUE"


OBSERVED = 120
"""Characters of a value that a finding, or a refusal before there is one, repeats at most: enough to find it by."""

OPEN = (FindingStatus.ISSUED, FindingStatus.ACK, FindingStatus.OVERDUE)
"""What still waits for its department."""

FOLLOWS = {
    FindingStatus.ACK: (FindingStatus.ISSUED,),
    FindingStatus.OVERDUE: (FindingStatus.ISSUED, FindingStatus.ACK),
    FindingStatus.REJECTED: OPEN,
    FindingStatus.FIXED: (*OPEN, FindingStatus.REJECTED),
}
"""The states each state may follow; an answer that finds another changes nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One failed check of one submission. `observed` is masked where it may be personal.

    `rule` is an id of domain 5.1 or design 7; `issued_at` is in milliseconds; `inbox_*` is where the submission lay.
    `event_id` is derived from that place, so that a repeat of the check issues the same finding again.
    `row` is the line of the publisher's file where it told one, else 0.
    """

    finding_id: str
    department: str
    submission_id: str
    event_id: str
    record_type: str
    catalog_code: str
    record_key: str
    rule: str
    verdict: Verdict
    field: str
    observed: str
    expected: str
    suggestion: str
    message_zh: str
    message_en: str
    issued_at: int
    inbox_partition: int
    inbox_offset: int
    row: int = 0
    status: str = "ISSUED"
    fixes: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A transition of a finding. `by` is a caller, a department or a process, `at` in milliseconds.

    Where something fixed it, `event_id` is that event, tick or release, `submission_id` and `record_type` those of the
    submission that names the finding: one of another type fixes nothing.
    """

    finding_id: str
    department: str
    status: FindingStatus
    by: str
    at: int
    reason: str = ""
    record_type: str = ""
    event_id: str = ""
    submission_id: str = ""


@dataclass(frozen=True, slots=True)
class Tracked:
    """A finding and where it stands. `due` is the last day for its department, None where nothing can be mended;
    `answer` is the transition that brought it there, None while it is only issued."""

    finding: Finding
    due: date | None
    answer: Answer | None

    @property
    def status(self) -> FindingStatus:
        """Where it stands."""
        return FindingStatus.ISSUED if self.answer is None else self.answer.status
