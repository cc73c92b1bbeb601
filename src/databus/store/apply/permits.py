"""`permits` become rows: the latest version of each."""

from __future__ import annotations

from collections.abc import Sequence

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.contract.wire import decode_permit
from databus.model.chunk import Record
from databus.store.sessions import Connection

COLUMNS = (
    "permit_id",
    "version",
    "kind",
    "grantee",
    "subjects",
    "record_types",
    "items",
    "purposes",
    "terms",
    "legal_basis",
    "valid_from",
    "valid_to",
    "revoked",
)
_UPSERT = f"""
INSERT INTO permits ({", ".join(COLUMNS)}) VALUES ({", ".join(f"${at}" for at in range(1, len(COLUMNS) + 1))})
ON CONFLICT (permit_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])}
WHERE permits.version <= excluded.version
"""


async def apply(connection: Connection, records: Sequence[Record], codec: Codec, contract: Contract) -> None:
    """Apply permits in their order; a tombstone removes."""
    for record in records:
        if record.value is None:
            await connection.execute("DELETE FROM permits WHERE permit_id = $1", (record.key or b"").decode())
        else:
            permit = decode_permit(codec, record.value)
            await connection.execute(_UPSERT, *(getattr(permit, name) for name in COLUMNS))
