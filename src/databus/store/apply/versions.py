"""Steps that move a record open a version of it, and close the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from databus.contract.catalogue import Contract
from databus.model.keys import USCI
from databus.model.labels import Standing
from databus.store.apply.staging import copy
from databus.store.apply.steps import Step
from databus.store.sessions import Connection

_HELD = (
    "record_type", "record_key", "subject_key", "department", "system", "change_id", "kind", "event_id", "submission_id", "catalog_code",
    "standing", "known_at", "rule",
)  # fmt: skip
COLUMNS = (
    *_HELD, "part", "from_offset", "to_offset", "class_id", "wake", "payload", "subject_name", "codes", "authority", "valid_from",
    "valid_to", "decided_at", "seq", "recorded_at",
)  # fmt: skip
_held = attrgetter(*_HELD)
_key = attrgetter("record_type", "subject_key", "record_key")
_NAME = "name"
"""The attribute of a subject that schemas/attributes.yaml calls its name."""
_AUTHORITY, _OTHER = 1, 9

# Record by record and by index, in this order whatever the statistics say: of tables that have grown since they were last
# looked at, the planner would rather read all that is open once per record (seconds a chunk, measured).
_OPEN = """
SELECT n.record_type, n.subject_key, n.record_key, v.part, v.from_offset
FROM unnest($1::text[], $2::text[], $3::text[]) AS n (record_type, subject_key, record_key) CROSS JOIN LATERAL (
    SELECT part, from_offset FROM record_versions v
    WHERE v.record_type = n.record_type AND v.subject_key = n.subject_key AND v.record_key = n.record_key AND v.to_offset IS NULL OFFSET 0
) v
"""
_CLOSE = "UPDATE record_versions SET to_offset = $4 WHERE record_type = $1 AND part = $2 AND from_offset = $3"
# What a department deleted is gone from every earlier version too.
_FORGET = """
UPDATE record_versions SET payload = NULL
WHERE record_type = $1 AND subject_key = $2 AND record_key = $3 AND from_offset < $4 AND payload IS NOT NULL
"""

Authorities = Mapping[str, tuple[str, str]]


async def succeed(connection: Connection, steps: Sequence[Step], contract: Contract) -> None:
    """Let each of these steps, those of a record in offset order, open a version of its record and end the one before."""
    if not steps:
        return
    first: dict[tuple[str, str, str], int] = {}
    ends: list[int | None] = []
    for one in reversed(steps):
        key = _key(one.change)
        ends.append(first.get(key))
        first[key] = one.offset
    found = await connection.fetch(_OPEN, *map(list, zip(*first, strict=True)))
    await _each(connection, _CLOSE, [(kind, part, begun, first[kind, *key]) for kind, *key, part, begun in found])
    authorities = authorities_of_names(contract)
    await copy(
        connection, "record_versions", COLUMNS, (_row(one, end, authorities) for one, end in zip(steps, reversed(ends), strict=True))
    )
    deleted = [(*_key(one.change), one.offset) for one in steps if one.change.standing == Standing.DELETED]
    await _each(connection, _FORGET, deleted)


async def _each(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        await connection.executemany(statement, rows)


def authorities_of_names(contract: Contract) -> Authorities:
    """Whose word on a subject's name counts: record type and department, by the first character of the subject's code."""
    chosen = contract.attributes["attributes"][_NAME]["authority"]
    entries = {first: contract.entries[code] for first, code in chosen.items()}
    return {first: (entry.record_type, entry.department) for first, entry in entries.items()}


def _rank(one: Step, authorities: Authorities) -> int:
    authority = authorities.get(one.codes.get(USCI, "")[:1])
    return _AUTHORITY if authority == (one.change.record_type, one.change.department) else _OTHER


def _row(one: Step, end: int | None, authorities: Authorities) -> tuple[Any, ...]:
    change, envelope = one.change, one.body["envelope"] if one.body is not None else {}
    return (
        *_held(change),
        one.part,
        one.offset,
        end,
        change.label_class.class_id,
        one.wake,
        one.payload,
        one.name,
        one.codes,
        _rank(one, authorities),
        envelope.get("valid_from"),
        envelope.get("valid_to"),
        envelope.get("decided_at"),
        envelope.get("source_seq", change.seq),
        envelope.get("recorded_at") or 0,
    )
