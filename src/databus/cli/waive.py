"""`databus findings waive`: a steward lets a held submission pass."""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from typing import Annotated

import typer

from databus.access.signing import signing_key
from databus.audit.trail import Trail
from databus.bootstrap.parts import now
from databus.bus.journal import Entry, Journal
from databus.bus.lookup import find_keyed
from databus.bus.topics import inbox
from databus.cli.answering import AsJson, Department, Id, require_department, shown
from databus.cli.output import as_json, console
from databus.cli.session import Session, session
from databus.model.disclosure import Caller, Role
from databus.model.finding import Answer, FindingStatus
from databus.quality.waivers import Waiver
from databus.quality.waiving import Waiving
from databus.store import findings
from databus.store.sessions import Pool


def waive(
    finding_id: Id,
    department: Department,
    by: Annotated[str, typer.Option("--by", help="the steward")],
    reason: Annotated[str, typer.Option("--reason", help="why this may pass")],
    as_document: AsJson = False,
) -> int:
    """Publish a held submission again with a signed waiver of all that holds it."""
    here = session()
    require_department(here, department)
    waiver, submission_id = here.ask(lambda pool: _waived(here, pool, department, finding_id, Caller(by, Role.STEWARD), reason))
    at = waiver.signed_at
    told = Answer(finding_id, department, FindingStatus.FIXED, by=by, at=at)
    passed = here.ask(lambda pool: shown(pool, told, by_time=False))
    if as_document:
        print(as_json({"finding_id": finding_id, "submission_id": submission_id, "waived": waiver.waived, "by": by, "passed": passed}))
    else:
        console().print(f"{submission_id} {'has passed' if passed else 'is published again'}: databus walk {submission_id}")
    return 0


async def _waived(here: Session, pool: Pool, department: str, finding_id: str, by: Caller, reason: str) -> tuple[Waiver, str]:
    codec = await asyncio.to_thread(here.codec, "intake")
    address, story = here.address("intake"), partial(findings.story, pool)
    async with Journal(address) as journal:

        async def publish(to: str, entry: Entry) -> None:
            await journal.append(inbox(to), entry.key, entry.value, headers=entry.headers)

        waiving = Waiving(
            story=story,
            keyed=partial(find_keyed, address),
            record=Trail(journal, codec).record,
            publish=publish,
            key=signing_key(here.keys.read("waiver-signing.pem"), purpose="waivers"),
            quarantine_key=bytes.fromhex(here.keys.read("quarantine.key")),
            clock=now,
        )
        waiver = await waiving(department, finding_id, by=by, reason=reason, request=str(uuid.uuid4()))
        told = await story(department, finding_id)
    return waiver, told.tracked.finding.submission_id if told is not None else ""
