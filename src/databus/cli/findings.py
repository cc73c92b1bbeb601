"""`databus findings`: what is wrong with a department's submissions, the latest first, and its answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated

import typer

from databus.audit.search import instant
from databus.bootstrap.parts import now
from databus.bus.journal import Journal
from databus.bus.topics import FINDINGS
from databus.cli.output import as_json, console, table
from databus.cli.session import Session, session
from databus.contract import wire
from databus.errors import Malformed, NotFound
from databus.model.finding import OPEN, Answer, FindingStatus, Tracked, Verdict
from databus.quality.answers import answer_to
from databus.quality.shown import answered, listed
from databus.store import findings as store
from databus.store.findings import Filter, Story
from databus.store.sessions import Pool

_WAIT_SECONDS, _PAUSE_SECONDS = 20.0, 0.2

Department = Annotated[str, typer.Option("--department", help="slug of the department")]
By = Annotated[str, typer.Option("--by", help="who answers [default: the department]")]
Id = Annotated[str, typer.Argument(help="id of the finding")]
AsJson = Annotated[bool, typer.Option("--json", help="for machines")]


def verbs() -> typer.Typer:
    """The list, and the verbs that answer one finding."""
    group = typer.Typer(help="What is wrong with a department's submissions.", invoke_without_command=True)
    group.callback()(findings)
    group.command("ack")(ack)
    group.command("reject")(reject)
    return group


def findings(
    context: typer.Context,
    department: Department = "",
    status: Annotated[
        list[str] | None, typer.Option("--status", help="ISSUED, ACK, FIXED, REJECTED, OVERDUE; OPEN means what waits")
    ] = None,
    verdict: Annotated[list[str] | None, typer.Option("--verdict", help="R, H or W; may be repeated")] = None,
    rule: Annotated[str, typer.Option("--rule", help="only this rule")] = "",
    record_type: Annotated[str, typer.Option("--type", help="only this record type")] = "",
    entry: Annotated[str, typer.Option("--entry", help="only this catalogue entry")] = "",
    since: Annotated[str, typer.Option("--since", help="issued on this day or later")] = "",
    until: Annotated[str, typer.Option("--until", help="issued on this day or earlier")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="how many at most")] = 20,
    language: Annotated[str, typer.Option("--lang", help="zh or en")] = "en",
    as_document: AsJson = False,
) -> int:
    """List findings of a department."""
    if context.invoked_subcommand is not None:
        return 0
    here = session()
    require_department(here, department)
    asked = Filter(
        states=_states(status),
        verdicts=_words(verdict, [word.value for word in Verdict], "verdict"),
        rule=rule,
        record_type=record_type,
        catalog_code=entry,
        since=instant(since) if since else 0,
        until=instant(until, whole_day=True) if until else None,
    )
    found = here.ask(lambda pool: store.page(pool, department, asked, limit=limit))
    if as_document:
        print(as_json(listed(found, here.contract)))
    elif not found:
        console().print(f"No findings for {department}.")
    else:
        columns = ("verdict", "rule", "row", "field", "observed", "what is wrong", "what would pass", "status", "due", "finding")
        console().print(table("", columns, [_row(one, language) for one in found]))
    return 0


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
    story = here.ask(_asking(department, finding_id))
    told = answer_to(story.tracked, status, by=by or department, at=int(now().timestamp() * 1000), reason=reason)
    publish(here, told)
    shown = here.ask(lambda pool: _shown(pool, told))
    if as_document:
        print(as_json({"finding_id": finding_id, **answered(told), "shown": shown}))
    else:
        console().print(
            f"{finding_id} is {told.status.value} now." if shown else f"{finding_id}: the answer is kept and will be shown shortly."
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


async def _shown(pool: Pool, told: Answer) -> bool:
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        story = await store.story(pool, told.department, told.finding_id)
        if story is not None and any((one.status, one.at) == (told.status, told.at) for one in story.answers):
            return True
        await asyncio.sleep(_PAUSE_SECONDS)
    return False


def _asking(department: str, finding_id: str) -> Callable[[Pool], Awaitable[Story]]:
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


def _states(told: list[str] | None) -> list[str] | None:
    spread = [state.value for word in told or () for state in (OPEN if word == "OPEN" else ())]
    named = _words([word for word in told or () if word != "OPEN"], [state.value for state in FindingStatus], "status")
    return [*spread, *(named or ())] or None


def _words(told: list[str] | None, known: list[str], what: str) -> list[str] | None:
    if told and not set(told) <= set(known):
        raise Malformed(f"{what} is one of {', '.join(known)}", known=known)
    return told or None


def _row(one: Tracked, language: str) -> tuple[object, ...]:
    finding = one.finding
    message = finding.message_zh if language == "zh" else finding.message_en
    better = finding.suggestion or finding.expected
    row = str(finding.row) if finding.row else ""
    due = one.due.isoformat() if isinstance(one.due, date) else ""
    return (
        finding.verdict.value,
        finding.rule,
        row,
        finding.field,
        finding.observed,
        message,
        better,
        one.status.value,
        due,
        finding.finding_id,
    )
