"""Items into their department's inbox: those that fit their contract, in their order; the others back with the reasons."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from databus.bus.journal import Entry, Place
from databus.bus.topics import INBOX_RECORD_BYTES, inbox
from databus.contract.catalogue import Contract
from databus.department.http import foresight
from databus.department.http.composing import Composer
from databus.department.http.intake import Intake
from databus.department.http.items import Item
from databus.department.http.refusals import VALUE, Refusal, body
from databus.department.receipt import Listed, digest
from databus.department.submission import Submission
from databus.errors import Unprocessable
from databus.store.replies import Reply
from databus.web import problems

Judged = Submission | tuple[Refusal, ...]
ACCEPTED, REFUSED = "ACCEPTED", "REFUSED"

_FRAMING_BYTES = 512
"""What a record has around it on the bus, beside key, value and headers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks: its items, and the hash of its body, hexadecimal."""

    items: tuple[Item, ...]
    source_sha256: str


def composer(intake: Intake, department: str, *, begun: int, seed: tuple[str | int, ...]) -> Composer:
    """What makes submissions of this department's items."""
    return Composer(intake.contract, intake.codec, department, intake.secret(department), begun, intake.clock().date(), seed)


def composed(items: Sequence[Item], make: Composer) -> list[Judged]:
    """Each item as its submission or the reasons against it. An id that another item has already is refused."""
    judged: list[Judged] = []
    seen: set[str] = set()
    for item in items:
        made = make.composed(item)
        if isinstance(made, Submission):
            made = _bounded(made, seen)
        judged.append(made)
    return judged


def _bounded(made: Submission, seen: set[str]) -> Judged:
    if made.submission_id in seen:
        return (Refusal("DQ-UNI-01", "envelope.submission_id", made.submission_id, "an id of its own"),)
    size = len(made.key) + len(made.value) + sum(len(name) + len(told) for name, told in made.headers) + _FRAMING_BYTES
    if size > INBOX_RECORD_BYTES:
        return (Refusal(VALUE, "", f"{size} bytes", f"at most {INBOX_RECORD_BYTES} bytes, all of it together"),)
    seen.add(made.submission_id)
    return made


async def deliver(intake: Intake, department: str, asked: Asked, make: Composer) -> Reply:
    """Publish what can be published; the answer tells of every item, and holds the receipt.

    Raises:
        BusUnavailable: not all is known to be taken; the same request may be sent again.
    """
    judged = await asyncio.to_thread(composed, asked.items, make)
    sent = [one for one in judged if isinstance(one, Submission)]
    if not sent:
        results = [_result(item, one, None, intake) for item, one in zip(asked.items, judged, strict=True)]
        refusal = Unprocessable("No event could be accepted; results says why.", accepted=0, refused=len(results), results=results)
        return Reply(refusal.status, problems.MEDIA_TYPE, orjson.dumps(problems.document(refusal)))
    places = await intake.inbox.append_all(inbox(department), [Entry(one.key, one.value, one.headers) for one in sent])
    where = {one.submission_id: place for one, place in zip(sent, places, strict=True)}
    told = {
        "accepted": len(sent),
        "refused": len(judged) - len(sent),
        "results": [_result(item, one, where, intake) for item, one in zip(asked.items, judged, strict=True)],
        **intake.sign(listed(sent, places), department=department, source_sha256=asked.source_sha256),
    }
    return Reply(202, "application/json", orjson.dumps(told))


def listed(sent: Sequence[Submission], places: Sequence[Place]) -> list[Listed]:
    """What a receipt tells of submissions at their places."""
    return [
        Listed(place.partition, place.offset, place.timestamp, one.submission_id, digest(one.key, one.value, one.headers))
        for one, place in zip(sent, places, strict=True)
    ]


def _result(item: Item, judged: Judged, where: Mapping[str, Place] | None, intake: Intake) -> dict[str, Any]:
    if isinstance(judged, Submission):
        place = (where or {})[judged.submission_id]
        return {
            "item": item.number,
            "outcome": ACCEPTED,
            "submission_id": judged.submission_id,
            "partition": place.partition,
            "offset": place.offset,
        }
    return refused(item, judged, intake.contract)


async def foreseen(intake: Intake, department: str, items: Sequence[Item], make: Composer) -> list[dict[str, Any]]:
    """What would become of each item if it were sent: a result each.

    Raises:
        StoreUnavailable, PolicyUnavailable: a part is away.
    """
    judged = await asyncio.to_thread(composed, items, make)
    sent = [one for one in judged if isinstance(one, Submission)]
    seen = iter(zip(sent, await intake.foresee(department, sent) if sent else (), strict=True))
    return [
        {"item": item.number, **foresight.body(*next(seen), intake.contract)}
        if isinstance(one, Submission)
        else refused(item, one, intake.contract)
        for item, one in zip(items, judged, strict=True)
    ]


def refused(item: Item, reasons: Sequence[Refusal], contract: Contract) -> dict[str, Any]:
    """The result of an item that its contract does not let in."""
    record_type = contract.types.get(item.record_type)
    return {"item": item.number, "outcome": REFUSED, "problems": [body(one, contract, record_type) for one in reasons]}
