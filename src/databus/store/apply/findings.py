"""`findings` become rows, one per finding whatever is said of it later."""

from __future__ import annotations

from collections.abc import Sequence

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.contract.wire import decode_finding
from databus.model.chunk import Record
from databus.store.apply.staging import stage
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
_NAMES = ", ".join(f'"{name}"' for name in ("written_at", *COLUMNS))
# A checker may issue a finding again long after it was answered: the answer stays. An answer, and the word that a finding is
# FIXED, move its status alone: what was observed is what was issued.
_INSERT = f"""
INSERT INTO findings ({_NAMES})
SELECT DISTINCT ON (finding_id) {_NAMES} FROM incoming_findings WHERE status = 'ISSUED'
ORDER BY finding_id, ordinal
ON CONFLICT DO NOTHING
"""
_UPSERT = f"""
INSERT INTO findings ({_NAMES})
SELECT DISTINCT ON (finding_id) {_NAMES} FROM incoming_findings WHERE status <> 'ISSUED'
ORDER BY finding_id, ordinal DESC
ON CONFLICT (finding_id) DO UPDATE SET status = excluded.status, fixes = excluded.fixes
"""


async def apply(connection: Connection, records: Sequence[Record], codec: Codec, contract: Contract) -> None:
    """Apply findings and their answers."""
    found = [(record, decode_finding(codec, record.value)) for record in records if record.value is not None]
    rows = ((record.offset, record.timestamp, *(getattr(finding, name) for name in COLUMNS)) for record, finding in found)
    await stage(connection, "incoming_findings", {"ordinal": "bigint", "written_at": "bigint", **COLUMNS}, rows)
    await connection.execute(_INSERT)
    await connection.execute(_UPSERT)
