"""The eraser: what a DELETE has overtaken leaves `events` and PostgreSQL. A daily job of the projector, runnable by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from databus.bus import erasure as log
from databus.bus.address import BusAddress
from databus.bus.erasure import Progress, Rewrite
from databus.contract import wire
from databus.contract.codec import Codec
from databus.model import keys
from databus.profile.erasing import erasure, owed
from databus.profile.forwarding import lying, rekeyed, written
from databus.profile.registers import Register
from databus.store import erasure as store
from databus.store.erasure import Due, RecordOf
from databus.store.sessions import Pool

Place = tuple[int, bytes]
"""Partition and key of what lies in `events`."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What one run did: records looked at, events removed from the log, DELETEs left without payload, rows emptied.

    `told_on` are DELETEs now said under other keys of their subjects as well: what those overtake, the next run erases.
    """

    records: int
    removed: int
    reduced: int
    rows: int
    told_on: int = 0


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
    prefixes = _prefixes(due)
    found = {
        prefix: {(one.partition, one.key or b""): lying(codec, one.value) for one in records if one.value}
        for prefix, records in (await log.scan(address, wanted=prefixes.keys(), until=due.folded, progress=progress)).items()
    }
    erasures = {prefix: erasure(records) for prefix, records in found.items()}
    sources = {prefixes[prefix]: gone.sources for prefix, gone in erasures.items()}
    removed = [register.event.event_id for gone in erasures.values() for register in gone.removed.values()]
    told_on = [rewrite for records in _families(due) for rewrite in _owed({at: found.get(at, {}) for at in records}, codec)]
    rewrites = [
        *told_on,
        *(Rewrite(*at, None) for gone in erasures.values() for at in gone.removed),
        *(Rewrite(*at, written(codec, register)) for gone in erasures.values() for at, register in gone.kept.items()),
    ]
    if rewrites:
        await log.rewrite(address, rewrites)
    rows = await store.forget(pool, due, sources=sources, events=removed)
    return Erased(len(due.records), len(removed), len(rewrites) - len(removed) - len(told_on), rows, len(told_on))


def _families(due: Due) -> Collection[tuple[bytes, ...]]:
    """Where each record that is due may lie: under every key its subject is known by."""
    return {
        tuple(keys.pack(key, rekeyed(record, subject, key)) for key in due.known_as.get(subject, (subject,)))
        for subject, _, record in due.records
    }


def _prefixes(due: Due) -> dict[bytes, RecordOf]:
    return {
        keys.pack(key, rekeyed(record, subject, key)): (key, kind, rekeyed(record, subject, key))
        for subject, kind, record in due.records
        for key in due.known_as.get(subject, (subject,))
    }


def _owed(found: Mapping[bytes, Mapping[Place, Register]], codec: Codec) -> Iterator[Rewrite]:
    told = {keys.unpack(prefix)[0]: [one.event for one in records.values() if not one.event.via] for prefix, records in found.items()}
    at = {keys.unpack(prefix)[0]: partition for prefix, records in found.items() for partition, _ in records}
    for event in owed(told):
        key = keys.pack(event.subject_key, event.record_key, event.event_id)
        yield Rewrite(at[event.subject_key], key, wire.encode_event(codec, event))
