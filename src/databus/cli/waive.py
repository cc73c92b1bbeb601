"""`databus findings waive`: a steward lets a held submission pass."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from databus.access.signing import signing_key
from databus.bootstrap.parts import now
from databus.bus.journal import Journal
from databus.bus.lookup import find_keyed
from databus.bus.topics import inbox, quarantine
from databus.cli.answering import AsJson, Department, Id, asking, require_department, shown
from databus.cli.output import as_json, console
from databus.cli.session import Session, session
from databus.errors import Gone
from databus.model.chunk import Headers
from databus.model.finding import Answer, FindingStatus
from databus.quality import waivers
from databus.quality.quarantine import Original, open_sealed
from databus.quality.submission import SUBMISSION_ID, WAIVER


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
    story = here.ask(asking(department, finding_id))
    event_id = story.tracked.finding.event_id
    original = _original(here, department, event_id)
    at, key = int(now().timestamp() * 1000), signing_key(here.keys.read("waiver-signing.pem"), purpose="waivers")
    found = (story.tracked, *story.beside)
    waiver = waivers.waive(found, key=original.key, value=original.value, by=by, reason=reason, now=at)
    submission_id = story.tracked.finding.submission_id
    headers: Headers = ((SUBMISSION_ID, submission_id.encode()), (WAIVER, waivers.sign(waiver, key).encode()))
    asyncio.run(_publish(here, department, original, headers))
    told = Answer(finding_id, department, FindingStatus.FIXED, by=by, at=at)
    passed = here.ask(lambda pool: shown(pool, told, by_time=False))
    if as_document:
        print(as_json({"finding_id": finding_id, "submission_id": submission_id, "waived": waiver.waived, "by": by, "passed": passed}))
    else:
        console().print(f"{submission_id} {'has passed' if passed else 'is published again'}: databus walk {submission_id}")
    return 0


def _original(here: Session, department: str, event_id: str) -> Original:
    record = asyncio.run(find_keyed(here.address("intake"), quarantine(department), event_id.encode()))
    if record is None or record.value is None:
        raise Gone("The original is no longer in quarantine (30 days); it must be published anew.", event_id=event_id)
    return open_sealed(record.value, key=bytes.fromhex(here.keys.read("quarantine.key")))


async def _publish(here: Session, department: str, original: Original, headers: Headers) -> None:
    async with Journal(here.address("intake")) as journal:
        await journal.append(inbox(department), original.key or None, original.value, headers=headers)
