"""What a source once stated, made again of what the store knows of it, for what the inbox no longer holds.

Contents may have left it, and a person it knows by a key alone, and by what a content itself tells: what is made again counts only where
the checks prove it to be what was said, to the last byte of its content, about the very subject that key was made of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from databus.contract.catalogue import RecordType
from databus.contract.values import typed
from databus.department.http.foresight import Foreseen
from databus.department.http.idempotency import microseconds
from databus.department.http.intake import Intake
from databus.department.submission import SCHEMES, Submission, compose
from databus.errors import Rejected
from databus.model.event import Op
from databus.model.keys import derived_id
from databus.model.labels import SubjectKind
from databus.store.batches import Batch, Of, Said, Told

_PERSON = ("name", "id_type", "id_number")
_HASH = 32
"""Bytes of a content's hash, with which its mark begins."""

Past = Callable[[str, Collection[str]], Awaitable[Batch]]
"""What became of events of a department; see `store.batches.batch`."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A content as its source stated it: the type, and the members of a submission."""

    record_type: str
    subject: Mapping[str, Any]
    envelope: Mapping[str, Any]
    payload: Mapping[str, Any]


def restated(said: Said, record_type: RecordType) -> Statement | None:
    """A content as the store knows it; None where the content has left it, and of a person whom it does not name."""
    if not said.kind or said.payload is None or said.stated is None:
        return None
    payload = payload_of(said, record_type)
    subject = _person(payload, record_type) if said.kind == SubjectKind.PERSON else _organisation(said)
    return None if subject is None else Statement(record_type.name, subject, {**said.stated, **days(said)}, payload)


def _organisation(said: Said) -> dict[str, Any]:
    return {"kind": said.kind, "name": said.name, **{name: said.codes[scheme] for name, scheme in SCHEMES if scheme in said.codes}}


def _person(payload: Mapping[str, Any], record_type: RecordType) -> dict[str, Any] | None:
    """The person a content names, for what came by a row was told by these very fields; the proof tells whether it is the subject."""
    rows = record_type.row.get("subject", {})
    fields = {part: row["from"] for part in _PERSON if isinstance(row := rows.get(part), Mapping) and "from" in row}
    told = {part: payload[field] for part, field in fields.items() if payload.get(field)}
    return {"kind": SubjectKind.PERSON.value, **told} if told.keys() >= {"id_type", "id_number"} else None


def proves(seen: Foreseen, of: Of, said: Said | None) -> bool:
    """Whether what was foreseen is of that record, and, where a content is given, that very content."""
    event = seen.event
    if event is None or (event.subject_key, event.record_type, event.record_key) != of:
        return False
    return said is None or event.content_hash == said.mark[:_HASH]


async def remembered(intake: Intake, past: Past, department: str, event_ids: Collection[str]) -> dict[str, Statement]:
    """Accepted submissions as they were stated, by event id, their envelopes whole; what cannot be proved is left out.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    batch = await past(department, event_ids)

    def made() -> list[tuple[Told, Said, Statement, Submission]]:
        found = ((told, _own(told, batch)) for told in batch.told.values())
        return [(told, said, *pair) for told, said in found if said is not None and (pair := _proof(intake, department, told, said))]

    again = await asyncio.to_thread(made)
    seen = await intake.prove(department, [proof for *_, proof in again]) if again else ()
    return {told.event_id: statement for (told, said, statement, _), one in zip(again, seen, strict=True) if proves(one, told.of, said)}


def _own(told: Told, batch: Batch) -> Said | None:
    return next((one for one in batch.said.get(told.of, ()) if one.event_id == told.event_id), None)


def _proof(intake: Intake, department: str, told: Told, said: Said) -> tuple[Statement, Submission] | None:
    record_type = intake.contract.types[told.of[1]]
    statement = restated(said, record_type)
    if statement is None or told.op not in (Op.UPSERT, Op.CORRECT):
        return None
    known = {name: value for name, value in statement.envelope.items() if value is not None}
    try:
        proof = compose(
            {"subject": statement.subject, "envelope": known | {"op": told.op, "source_seq": said.seq}, "payload": statement.payload},
            codec=intake.codec,
            record_type=record_type,
            entry=intake.contract.entries[said.catalog_code],
            system=told.system,
            submission_id=derived_id("remembered", told.event_id),
            seq=said.seq,
            now=microseconds(intake.clock()) // 1000,
            secret=intake.secret(department),
        )
    except Rejected:
        # Contracts have changed since: it can no longer be said.
        return None
    # As it was composed, so that nothing of an envelope is missing.
    value = intake.codec.decode(proof.value)[1]
    return Statement(record_type.name, statement.subject, value["envelope"], value["payload"]), proof


def days(said: Said) -> dict[str, date | None]:
    """The days of a content, as an envelope has them."""
    return {"valid_from": said.valid_from, "valid_to": said.valid_to, "decided_at": said.decided_at}


def payload_of(said: Said, record_type: RecordType) -> dict[str, Any]:
    """The payload of a content in the types of its contract."""
    known = {name: value for name, value in (said.payload or {}).items() if name in record_type.fields}
    return {name: typed(value, record_type.fields[name]) for name, value in known.items()}
