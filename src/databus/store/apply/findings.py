"""`findings` become rows, one per finding; answers move its state, and only as they may (domain 5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from databus.contract.calendar import shanghai_day
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.contract.wire import decode_told
from databus.model.chunk import Record
from databus.model.finding import FOLLOWS, Answer, Finding
from databus.store.apply.staging import clean, stage
from databus.store.sessions import Connection

COLUMNS = {
    "finding_id": "text",
    "department": "text",
    "submission_id": "text",
    "event_id": "text",
    "record_type": "text",
    "catalog_code": "text",
    "record_key": "text",
    "rule": "text",
    "verdict": "text",
    "field": "text",
    "observed": "text",
    "expected": "text",
    "suggestion": "text",
    "message_zh": "text",
    "message_en": "text",
    "issued_at": "bigint",
    "inbox_partition": "integer",
    "inbox_offset": "bigint",
    "row": "integer",
    "status": "text",
    "fixes": "text",
}
_NAMES = ", ".join(f'"{name}"' for name in ("written_at", "due_on", *COLUMNS))
# A checker may issue a finding again long after it was answered: the answer stays.
_INSERT = f"""
INSERT INTO findings ({_NAMES})
SELECT DISTINCT ON (finding_id) {_NAMES} FROM incoming_findings
ORDER BY finding_id, ordinal
ON CONFLICT DO NOTHING
"""
# One by one in their order: each may only follow what the ones before left. An answer that finds no such finding of its
# department, or one that it cannot follow, changes nothing.
_ANSWER = """
WITH moved AS (
    UPDATE findings SET status = $2, answered_by = $3, answered_at = $4, answer = $5, fixed_by_event = $6, fixed_by_submission = $7
    WHERE finding_id = $1 AND department = $8 AND status = ANY($9::text[]) AND ($10 = '' OR record_type IN ('', $10))
    RETURNING finding_id
)
INSERT INTO answers (finding_id, status, "by", at, reason, event_id, submission_id, part, "offset")
SELECT finding_id, $2, $3, $4, $5, $6, $7, $11, $12 FROM moved
"""


async def apply(connection: Connection, records: Sequence[Record], codec: Codec, contract: Contract) -> None:
    """Apply findings and their answers."""
    told = [(record, decode_told(codec, record.value)) for record in records if record.value is not None]
    due = cache(lambda rule, day: contract.feedback.due(rule, day, contract.calendar))
    rows = (
        (record.offset, record.timestamp, due(one.rule, shanghai_day(one.issued_at)), *(getattr(one, name) for name in COLUMNS))
        for record, one in told
        if isinstance(one, Finding)
    )
    await stage(connection, "incoming_findings", {"ordinal": "bigint", "written_at": "bigint", "due_on": "date", **COLUMNS}, rows)
    await connection.execute(_INSERT)
    answers = [_bound(record, one) for record, one in told if isinstance(one, Answer)]
    if answers:
        await connection.executemany(_ANSWER, answers)


def _bound(record: Record, one: Answer) -> tuple[object, ...]:
    said = (one.finding_id, one.status.value, one.by, one.at, clean(one.reason), one.event_id, one.submission_id)
    follows = [status.value for status in FOLLOWS.get(one.status, ())]
    return (*said, one.department, follows, one.record_type, record.partition, record.offset)
