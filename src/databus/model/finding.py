"""A failed check and what to do about it (domain 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """R reject, H hold, W warn (design 4)."""

    REJECT = "R"
    HOLD = "H"
    WARN = "W"


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
