"""The finding for a source that says two things under one seq (DQ-UNI-03)."""

from __future__ import annotations

from databus.model import keys
from databus.model.event import Event
from databus.model.finding import Finding, Verdict

RULE = "DQ-UNI-03"
FIELD = "envelope.source_seq"


def finding_of(event: Event, *, row: int = 0) -> Finding:
    """The finding to the department of an event whose seq it used before for other content; the same for a repeat."""
    return Finding(
        finding_id=keys.derived_id("finding", event.event_id, RULE, FIELD),
        department=event.department,
        submission_id=event.submission_id,
        event_id=event.event_id,
        record_type=event.record_type,
        catalog_code=event.catalog_code,
        record_key=event.record_key,
        rule=RULE,
        verdict=Verdict.HOLD,
        field=FIELD,
        observed=str(event.seq),
        expected="one content per source_seq",
        suggestion=f"publish the record once more as it is, with a source_seq above {event.seq}",
        message_zh=f"同一记录、同一来源序号 {event.seq} 已有不同内容，记录暂不公开，请以更大的序号重新报送正确内容",
        message_en=f"Source_seq {event.seq} of this record already carries other content; the record is held until a higher one settles it",
        issued_at=event.known_at,
        inbox_partition=event.inbox_partition,
        inbox_offset=event.inbox_offset,
        row=row,
    )
