"""The eraser: what a DELETE has overtaken leaves `events` and PostgreSQL. A daily job of the projector, runnable by hand."""

from __future__ import annotations

from dataclasses import dataclass

from databus.bus import erasure as log
from databus.bus.address import BusAddress
from databus.bus.erasure import Progress, Rewrite
from databus.contract import wire
from databus.contract.codec import Codec
from databus.model import keys
from databus.profile.erasing import erasure
from databus.store import erasure as store
from databus.store.erasure import RecordOf
from databus.store.sessions import Pool


@dataclass(frozen=True, slots=True)
class Erased:
    """What one run did: records looked at, events removed from the log, DELETEs left without payload, rows emptied."""

    records: int
    removed: int
    reduced: int
    rows: int


async def erase(address: BusAddress, pool: Pool, codec: Codec, *, progress: Progress = lambda done, all: None) -> Erased:
    """Erase everything due. The bus goes first, so that a run cut short finds the same again; safe to repeat.

    `address` is that of the user `eraser`.

    Raises:
        BusUnavailable, StoreUnavailable: a part is away.
    """
    due = await store.due(pool)
    if not due.records:
        await store.forget(pool, due, sources={}, events=())
        return Erased(0, 0, 0, 0)
    wanted = {keys.pack(subject, record): (subject, kind, record) for subject, kind, record in due.records}
    found = await log.scan(address, wanted=wanted.keys(), until=due.folded, progress=progress)
    rewrites: list[Rewrite] = []
    sources: dict[RecordOf, tuple[str, ...]] = {}
    removed: list[str] = []
    for prefix, records in found.items():
        # The id is the event's; a forwarded copy has one of its own.
        lying = {
            event.event_id: (event, record) for record in records if record.value for event in [wire.decode_event(codec, record.value)]
        }
        gone = erasure(event for event, _ in lying.values())
        sources[wanted[prefix]] = gone.sources
        for event in gone.removed:
            _, record = lying[event.event_id]
            rewrites.append(Rewrite(record.partition, record.key or b"", None))
            removed.append(event.event_id)
        for event in gone.kept:
            _, record = lying[event.event_id]
            rewrites.append(Rewrite(record.partition, record.key or b"", wire.encode_event(codec, event)))
    written = await log.rewrite(address, rewrites) if rewrites else 0
    rows = await store.forget(pool, due, sources=sources, events=removed)
    return Erased(len(due.records), len(removed), written - len(removed), rows)
