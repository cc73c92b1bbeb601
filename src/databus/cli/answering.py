"""`databus findings ack` and `reject`: a department's answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from databus.bootstrap.parts import now
from databus.bus.journal import Journal
from databus.bus.topics import FINDINGS
from databus.cli.output import as_json, console
from databus.cli.session import Session, session
from databus.contract import wire
from databus.errors import NotFound
from databus.model.finding import Answer, FindingStatus
from databus.quality.answers import answer_to
from databus.quality.shown import answered
from databus.store import findings as store
from databus.store.findings import Story
from databus.store.sessions import Pool

_WAIT_SECONDS, _PAUSE_SECONDS = 20.0, 0.2

Department = Annotated[str, typer.Option("--department", help="slug of the department")]
By = Annotated[str, typer.Option("--by", help="who answers [default: the department]")]
Id = Annotated[str, typer.Argument(help="id of the finding")]
AsJson = Annotated[bool, typer.Option("--json", help="for machines")]


def ack(
    finding_id: Id,
    department: Department,
    by: By = "",
    reason: Annotated[str, typer.Option("--reason", help="a remark")] = "",
    as_document: AsJson = False,
) -> int:
    """Acknowledge a finding: it has been seen and will be mended."""
    return _answer(department, finding_id, FindingStatus.ACK, by=by, reason=reason, as_document=as_document)


def reject(
    finding_id: Id,
    department: Department,
    reason: Annotated[str, typer.Option("--reason", help="why the finding is wrong")],
    by: By = "",
    as_document: AsJson = False,
) -> int:
    """Object to a finding."""
    return _answer(department, finding_id, FindingStatus.REJECTED, by=by, reason=reason, as_document=as_document)


def _answer(department: str, finding_id: str, status: FindingStatus, *, by: str, reason: str, as_document: bool) -> int:
    here = session()
    require_department(here, department)
    story = here.ask(asking(department, finding_id))
    told = answer_to(story.tracked, status, by=by or department, at=int(now().timestamp() * 1000), reason=reason)
    publish(here, told)
    visible = here.ask(lambda pool: shown(pool, told))
    if as_document:
        print(as_json({"finding_id": finding_id, **answered(told), "shown": visible}))
    else:
        console().print(
            f"{finding_id} is {told.status.value} now." if visible else f"{finding_id}: the answer is kept and will be shown shortly."
        )
    return 0


def publish(here: Session, told: Answer) -> None:
    """Make an answer durable.

    Raises:
        BusUnavailable: it is not known to be.
    """
    value = wire.encode_answer(here.codec("intake"), told)

    async def append() -> None:
        async with Journal(here.address("intake")) as journal:
            await journal.append(FINDINGS, told.department.encode(), value)

    asyncio.run(append())


async def shown(pool: Pool, told: Answer, *, by_time: bool = True) -> bool:
    """True as soon as the store tells this answer, or without its time one like it; False if it does not in time."""
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        story = await store.story(pool, told.department, told.finding_id)
        said = () if story is None else story.answers
        if any((one.status, one.by) == (told.status, told.by) and (one.at == told.at or not by_time) for one in said):
            return True
        await asyncio.sleep(_PAUSE_SECONDS)
    return False


def asking(department: str, finding_id: str) -> Callable[[Pool], Awaitable[Story]]:
    """A question for all about a finding; the refusal where the department has none of this id."""

    async def asked(pool: Pool) -> Story:
        story = await store.story(pool, department, finding_id)
        if story is None:
            raise NotFound(f"{department} has no finding {finding_id[:64]}", department=department)
        return story

    return asked


def require_department(here: Session, department: str) -> None:
    """Refuse a department that is not listed.

    Raises:
        NotFound: the error names those there are.
    """
    if department not in here.contract.departments:
        known = ", ".join(here.contract.departments)
        raise NotFound(f"no department is named {department or 'nothing'}; name one by --department: {known}", department=department)
