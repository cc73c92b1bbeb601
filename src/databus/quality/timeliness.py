"""Did it come in time? (DQ-TIM-01, -03, domain 5.1)"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from databus.contract.calendar import shanghai_day
from databus.contract.catalogue import Contract
from databus.contract.entries import Check
from databus.model.event import Op
from databus.quality.completeness import blank
from databus.quality.content import Content, Failure

_ENDS = (Op.REVOKE, Op.REPAIR)
# Times outside these years say nothing: an unset clock, or another unit.
_FIRST_MS, _LAST_MS = 946_684_800_000, 4_102_444_800_000


def in_time(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-TIM-01: received within the entry's working days after the day in the field; the day after it is day 1.

    Where one of the `latest` fields has a later day, what it tells of is the news: a removal is not late because the entry is old.
    """
    limit = content.entry.late_after if content.entry is not None else None
    days = (content.value(field) for field in (check.field, *check.params.get("latest", ())))
    since = max((day for day in days if isinstance(day, date)), default=None)
    # A correction is no late report of the fact it corrects; within as many calendar days no calendar is needed.
    if limit is None or since is None or content.op != Op.UPSERT or (content.received - since).days <= limit:
        return
    if blank(since, contract):
        return
    # Counted up to the limit only: an old fact costs no more than a new one.
    deadline, estimated = contract.calendar.working_days_after(since, limit)
    if content.received > deadline:
        by = f"{deadline.isoformat()} (estimated)" if estimated else deadline.isoformat()
        yield Failure(
            check.rule, check.field, content.received, expected=f"received by {by}: {limit} working days after {since.isoformat()}"
        )


def passed_on(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-TIM-03: an end was passed on within the working days the law allows after it took effect, else after it was written."""
    if content.op not in _ENDS:
        return
    since, field = content.envelope["valid_from"], "envelope.valid_from"
    if since is None:
        written = content.envelope["recorded_at"]
        if not _FIRST_MS < written < _LAST_MS:
            return
        since, field = shanghai_day(written), "envelope.recorded_at"
    within = contract.feedback.withdrawn_within
    if (content.received - since).days > within.days and content.received > (deadline := within.after(since, contract.calendar)):
        yield Failure(check.rule, field, since, expected=f"passed on by {deadline.isoformat()}: {within.days} working days after it")
