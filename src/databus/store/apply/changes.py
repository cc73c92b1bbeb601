"""`changes` become steps, record versions, facts and what is known of subjects.

A partition is applied by one transaction at a time (it holds the position's lock), and all that a step of a subject touches is
told by that subject's partition alone. So what is new is found first, and copied straight into its tables.
"""

from __future__ import annotations

from collections.abc import Sequence

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.contract.wire import decode_change, decode_time
from databus.model.chunk import Record
from databus.model.clock import Tick
from databus.store import clock
from databus.store.apply import facts, subjects, versions
from databus.store.apply import steps as rows
from databus.store.apply.staging import copy
from databus.store.sessions import Connection

_KNOWN = "SELECT s.change_id FROM unnest($1::text[]) AS n (change_id) JOIN steps s USING (change_id)"


async def apply(connection: Connection, records: Sequence[Record], codec: Codec, contract: Contract) -> None:
    """Apply steps of one partition: each closes the version before it and opens its own, unless it changed no profile.

    A tick among them says that all it moved has come before it. A step known under another offset is a repeat: it is dropped.
    """
    told = [(record, record.value, decode_time(codec, record.value)) for record in records if record.value is not None]
    await clock.advance(connection, ((record.partition, tick) for record, _, tick in told if isinstance(tick, Tick)))
    found: dict[str, rows.Step] = {}
    for record, value, tick in told:
        if tick is None:
            change = rows.storable(decode_change(codec, value))
            found.setdefault(change.change_id, rows.step(record, change, codec))
    for row in await connection.fetch(_KNOWN, list(found)):
        del found[row["change_id"]]
    new = list(found.values())
    await copy(connection, "steps", rows.COLUMNS, map(rows.row, new))
    await versions.succeed(connection, [one for one in new if one.change.kind.of_record], contract)
    await facts.keep(connection, new, codec, contract)
    await subjects.tell(connection, new)
