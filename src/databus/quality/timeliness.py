"""Did it come in time? (DQ-TIM-01, -03, domain 5.1)"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from databus.contract.calendar import shanghai_day
from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Check
from databus.model.event import Op
from databus.quality.completeness import blank_of
from databus.quality.content import NOTHING, Content, Failure, Question, reading

_ENDS = (Op.REVOKE, Op.REPAIR)
# Times outside these years say nothing: an unset clock, or another unit.
_FIRST_MS, _LAST_MS = 946_684_800_000, 4_102_444_800_000


def in_time(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-TIM-01: received within the entry's working days after the day in the field; the day after it is day 1.

    Where one of the `latest` fields has a later day, what it tells of is the news: a removal is not late because the entry is old.
    """
    calendar, blank, latest = contract.calendar, blank_of(contract), tuple(map(reading, check.params.get("latest", ())))

    def ask(content: Content, told: date) -> Iterable[Failure]:
        since = max((told, *(day for read in latest if (day := read(content)) is not None))) if latest else told
        limit = content.entry.late_after if content.entry is not None else None
        # A correction is no late report of the fact it corrects; within as many calendar days no calendar is needed.
        if limit is None or content.op != Op.UPSERT or (content.received - since).days <= limit or blank(since):
            return NOTHING
        # Counted up to the limit only: an old fact costs no more than a new one.
        deadline, estimated = calendar.working_days_after(since, limit)
        if content.received <= deadline:
            return NOTHING
        by = f"{deadline.isoformat()} (estimated)" if estimated else deadline.isoformat()
        expected = f"received by {by}, {limit} working days after {since.isoformat()}; it came on {content.received.isoformat()}"
        return (Failure(check.rule, check.field, told, expected=expected),)

    return Question(ask, check.field)


def passed_on(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-TIM-03: an end was passed on within the working days the law allows after it took effect, else after it was written."""
    calendar, within = contract.calendar, contract.feedback.withdrawn_within

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        if content.op not in _ENDS:
            return NOTHING
        since, field = content.envelope["valid_from"], "envelope.valid_from"
        if since is None:
            written = content.envelope["recorded_at"]
            if not _FIRST_MS < written < _LAST_MS:
                return NOTHING
            since, field = shanghai_day(written), "envelope.recorded_at"
        if (content.received - since).days <= within.days or content.received <= (deadline := within.after(since, calendar)):
            return NOTHING
        expected = f"passed on by {deadline.isoformat()}: {within.days} working days after it"
        return (Failure(check.rule, field, since, expected=expected),)

    return Question(ask)
