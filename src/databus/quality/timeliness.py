"""Did it come in time? (DQ-TIM-01, domain 5.1)"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from databus.contract.catalogue import Contract
from databus.contract.entries import Check
from databus.model.event import Op
from databus.quality.completeness import blank
from databus.quality.content import Content, Failure


def in_time(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-TIM-01: received within the entry's working days after the day in the field; the day after it is day 1."""
    limit = content.entry.late_after if content.entry is not None else None
    since = content.value(check.field)
    # A correction is no late report of the fact it corrects; within as many calendar days no calendar is needed.
    if limit is None or not isinstance(since, date) or content.op != Op.UPSERT or (content.received - since).days <= limit:
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
