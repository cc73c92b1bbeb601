"""A submission published again with corrections: what was sent, some of it written otherwise, naming the findings that mends."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from databus.contract.catalogue import Contract, RecordType
from databus.contract.values import jsonable
from databus.department.cells import ENVELOPE
from databus.department.http.composing import timed
from databus.department.http.delivery import Asked, composer, deliver, foreseen
from databus.department.http.idempotency import microseconds
from databus.department.http.intake import Intake
from databus.department.http.items import Item
from databus.department.http.members import cells, envelope_cells
from databus.department.http.refusals import Refusal
from databus.department.submission import MOST_FIXES


@dataclass(frozen=True, slots=True)
class Correction:
    """What was sent (envelope and payload, decoded), the cells of the payload that are written otherwise (empty: left out), the
    findings that mends, whether it had been accepted, and an id that a repeat has again."""

    record_type: str
    envelope: Mapping[str, Any]
    payload: Mapping[str, Any]
    cells: Mapping[str, str]
    findings: tuple[str, ...]
    accepted: bool
    submission_id: str


async def publish_again(intake: Intake, department: str, corrections: Sequence[Correction], *, dry_run: bool) -> Mapping[str, Any]:
    """Publish corrections as one batch, or tell what would become of each; an answer as that of `POST …/events`, by item.

    Raises:
        BusUnavailable, StoreUnavailable, PolicyUnavailable: a part is away; the same may be asked again.
    """
    items = tuple(item_of(one, number, intake.contract) for number, one in enumerate(corrections, start=1))
    told = hashlib.sha256("\n".join(one.submission_id for one in corrections).encode()).hexdigest()
    make = composer(intake, department, begun=microseconds(intake.clock()), seed=(told,))
    if not dry_run:
        answer = await deliver(intake, department, Asked(items, told), make)
        return dict(orjson.loads(answer.body))
    return {"dry_run": True, "results": await foreseen(intake, department, items, make)}


def item_of(one: Correction, number: int, contract: Contract) -> Item:
    """What is to be published. What the type derives from its payload is derived anew, so that it follows a corrected cell."""
    record_type, wrong = contract.types[one.record_type], list[Refusal]()
    payload = cells(_plain(one.payload), wrong)
    payload.update({name: value for name, value in one.cells.items() if value})
    for name in (name for name, value in one.cells.items() if not value):
        payload.pop(name, None)
    seq = int(one.envelope["source_seq"])
    counted = {} if timed(seq) else {"envelope.source_seq": str(seq + one.accepted)}
    fixes = {"envelope.fixes": " ".join(one.findings[:MOST_FIXES])}
    return Item(
        number,
        record_type=one.record_type,
        catalog_code=str(one.envelope["catalog_code"]),
        system=str(one.envelope["source_system"]),
        submission_id=one.submission_id,
        payload=payload,
        facts={**_facts(one.envelope, record_type, wrong), **counted, **fixes},
        refusals=tuple(wrong),
    )


def _facts(envelope: Mapping[str, Any], record_type: RecordType, wrong: list[Refusal]) -> dict[str, str]:
    told = {name: value for name, value in _plain(envelope).items() if name in ENVELOPE and name != "source_seq"}
    facts = envelope_cells({**told, "subject": _plain(envelope["subject"])}, wrong)
    derived = {f"{part}.{name}" for part, names in record_type.row.items() for name in names}
    return {name: value for name, value in facts.items() if name not in derived}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if type(value) is int else jsonable(value) for name, value in values.items()}
