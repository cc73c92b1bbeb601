"""`changes` become steps, record versions, facts and what is known of subjects.

A partition is applied by one transaction at a time (it holds the position's lock), and all that a step of a subject touches is
told by that subject's partition alone. So what is new is found first, and copied straight into its tables.
"""

from __future__ import annotations

from collections.abc import Sequence

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.contract.wire import decode_change, decode_time
from databus.model.chunk import Record, uncollected
from databus.model.clock import Tick
from databus.store import clock
from databus.store.apply import facts, subjects, versions
from databus.store.apply import steps as rows
from databus.store.apply.staging import copy
from databus.store.sessions import Connection

_KNOWN = "SELECT change_id FROM steps WHERE change_id = ANY($1::text[])"


async def apply(connection: Connection, records: Sequence[Record], codec: Codec, contract: Contract) -> None:
    """Apply steps: each closes the version before it and opens its own, unless it changed no profile.

    A tick among them says that all it moved has come before it. A step known under another offset is a repeat: it is dropped.
    """
    ticks, found = _read(records, codec)
    await clock.advance(connection, ticks)
    for row in await connection.fetch(_KNOWN, list(found)):
        del found[row["change_id"]]
    new = list(found.values())
    await copy(connection, "steps", rows.COLUMNS, map(rows.row, new))
    await versions.succeed(connection, [one for one in new if one.change.kind.of_record], contract)
    await facts.keep(connection, new, codec, contract)
    await subjects.tell(connection, new)


def _read(records: Sequence[Record], codec: Codec) -> tuple[list[tuple[int, Tick]], dict[str, rows.Step]]:
    """Ticks, each with its partition, and steps by their ids, of repeats the first."""
    ticks: list[tuple[int, Tick]] = []
    found: dict[str, rows.Step] = {}
    with uncollected():
        for record in records:
            if record.value is None:
                continue
            time = decode_time(codec, record.value)
            if isinstance(time, Tick):
                ticks.append((record.partition, time))
            elif time is None:
                change = rows.storable(decode_change(codec, record.value))
                found.setdefault(change.change_id, rows.step(record, change, codec))
    return ticks, found
