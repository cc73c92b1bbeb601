"""`changes` become steps, record versions and what is known of subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.contract.values import jsonable
from databus.contract.wire import decode_change, decode_time
from databus.model.change import Change
from databus.model.chunk import Record
from databus.model.clock import Tick
from databus.model.keys import USCI
from databus.model.labels import SubjectKind
from databus.store import clock
from databus.store.apply import facts, sql
from databus.store.apply.staging import stage
from databus.store.grams import fold, grams
from databus.store.sessions import Connection

Authorities = Mapping[str, tuple[str, str]]

_EPOCH = date(1970, 1, 1)
_LAST = (date.max - _EPOCH).days
_NAME = "name"
"""The attribute of a subject that schemas/attributes.yaml calls its name."""
_AUTHORITY, _OTHER = 1, 9
_DIVISION = slice(2, 8)
"""Where a unified code holds the division of registration (GB 32100-2015)."""


async def apply(connection: Connection, records: Sequence[Record], codec: Codec, contract: Contract) -> None:
    """Apply steps of one partition: each closes the version before it and opens its own, unless it changed no profile.

    A tick among them says that all it moved has come before it.
    """
    authorities = authorities_of_names(contract)
    told = [(record, record.value, decode_time(codec, record.value)) for record in records if record.value is not None]
    await clock.advance(connection, ((record.partition, tick) for record, _, tick in told if isinstance(tick, Tick)))
    steps = [(record, decode_change(codec, value)) for record, value, tick in told if tick is None]
    bodies = [codec.decode(change.body)[1] if change.body is not None else None for _, change in steps]
    maps = {name for name, record_type in contract.types.items() if record_type.maps is not None}
    said = [facts.row(change, body, codec, maps=change.record_type in maps) for (_, change), body in zip(steps, bodies, strict=True)]
    await stage(connection, facts.TABLE, facts.COLUMNS, (row for row in said if row is not None))
    rows = (_row(record, change, body, authorities) for (record, change), body in zip(steps, bodies, strict=True))
    await stage(connection, "incoming_changes", sql.INCOMING, rows)
    names = {(change.subject_key, change.subject_name) for _, change in steps if _named(change)}
    await stage(connection, "incoming_names", sql.NAMES, (_name(*pair) for pair in sorted(names)))
    for statement in (*facts.STATEMENTS, *sql.STATEMENTS):
        await connection.execute(statement)


def authorities_of_names(contract: Contract) -> Authorities:
    """Whose word on a subject's name counts: record type and department, by the first character of the subject's code."""
    chosen = contract.attributes["attributes"][_NAME]["authority"]
    entries = {first: contract.entries[code] for first, code in chosen.items()}
    return {first: (entry.record_type, entry.department) for first, entry in entries.items()}


def _rank(change: Change, authorities: Authorities) -> int:
    authority = authorities.get(change.codes.get(USCI, "")[:1])
    return _AUTHORITY if authority == (change.record_type, change.department) else _OTHER


def _named(change: Change) -> bool:
    return bool(change.subject_name) and change.label_class.subject_kind != SubjectKind.PERSON


def _name(subject_key: str, name: str) -> tuple[Any, ...]:
    folded = fold(name)
    return subject_key, name, folded, len(folded), grams(folded)


def _row(record: Record, change: Change, body: dict[str, Any] | None, authorities: Authorities) -> tuple[Any, ...]:
    envelope = body["envelope"] if body else {}
    # A person is neither named nor numbered here, whatever the step says.
    name, codes = (change.subject_name, change.codes) if change.label_class.subject_kind != SubjectKind.PERSON else ("", {})
    return (
        record.partition,
        record.offset,
        change.change_id,
        change.kind.value,
        change.kind.of_record,
        change.pv,
        change.event_id,
        change.submission_id,
        change.subject_key,
        change.label_class.subject_kind.value,
        name,
        codes,
        codes.get(USCI, "")[_DIVISION],
        _rank(change, authorities),
        change.record_type,
        change.record_key,
        change.department,
        change.system,
        change.op,
        change.facet,
        change.seq,
        change.catalog_code,
        change.known_at,
        record.timestamp,
        change.was.value if change.was else None,
        change.standing.value,
        change.label_class.class_id,
        change.label_class.canonical,
        _EPOCH + timedelta(days=change.wake) if change.wake is not None and change.wake <= _LAST else None,
        change.rule,
        change.fields,
        change.causes,
        change.inbox_partition,
        change.inbox_offset,
        change.origin_partition,
        change.origin_offset,
        jsonable(body["payload"]) if body else None,
        envelope.get("valid_from"),
        envelope.get("valid_to"),
        envelope.get("decided_at"),
        envelope.get("source_seq", change.seq),
        envelope.get("recorded_at") or 0,
        change.original,
        change.moved_to,
    )
