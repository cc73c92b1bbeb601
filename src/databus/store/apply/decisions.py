"""`decisions` become rows: names, never values."""

from __future__ import annotations

from collections.abc import Sequence

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.contract.wire import decode_decision
from databus.model.chunk import Record
from databus.store.apply.staging import stage
from databus.store.sessions import Connection

COLUMNS = {
    "decision_id": "text",
    "at": "bigint",
    "request_id": "text",
    "caller": "text",
    "role": "text",
    "organisation": "text",
    "purpose": "text",
    "relation": "text",
    "permit_id": "text",
    "action": "text",
    "subject_key": "text",
    "outcome": "text",
    "reasons": "text[]",
    "records": "text[]",
    "disclosed": "jsonb",
    "withheld": "jsonb",
    "plan_id": "text",
    "revision": "text",
    "count": "bigint",
}
_NAMES = ", ".join(COLUMNS)
_INSERT = f"INSERT INTO decisions ({_NAMES}) SELECT {_NAMES} FROM incoming_decisions ON CONFLICT DO NOTHING"


async def apply(connection: Connection, records: Sequence[Record], codec: Codec, contract: Contract) -> None:
    """Apply decision records; one that is there already stays as it is."""
    found = [decode_decision(codec, record.value) for record in records if record.value is not None]
    rows = (tuple(getattr(decision, name) for name in COLUMNS) for decision in found)
    await stage(connection, "incoming_decisions", COLUMNS, rows)
    await connection.execute(_INSERT)
