"""`databus findings`: what is wrong with a department's submissions, the latest first, and its answers."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from databus.audit.search import instant
from databus.cli.answering import AsJson, Department, ack, reject, require_department
from databus.cli.output import as_json, console, table
from databus.cli.session import session
from databus.cli.waive import waive
from databus.contract.catalogue import Contract
from databus.errors import Malformed
from databus.model.finding import OPEN, FindingStatus, Tracked, Verdict
from databus.quality.findings import better
from databus.quality.shown import listed
from databus.store import findings as store
from databus.store.findings import Filter


def verbs() -> typer.Typer:
    """The list, and the verbs that answer one finding."""
    group = typer.Typer(help="What is wrong with a department's submissions.", invoke_without_command=True)
    group.callback()(findings)
    group.command("ack")(ack)
    group.command("reject")(reject)
    group.command("waive")(waive)
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
        console().print(table("", columns, [_row(one, language, here.contract) for one in found]))
    return 0


def _states(told: list[str] | None) -> list[str] | None:
    spread = [state.value for word in told or () for state in (OPEN if word == "OPEN" else ())]
    named = _words([word for word in told or () if word != "OPEN"], [state.value for state in FindingStatus], "status")
    return [*spread, *(named or ())] or None


def _words(told: list[str] | None, known: list[str], what: str) -> list[str] | None:
    if told and not set(told) <= set(known):
        raise Malformed(f"{what} is one of {', '.join(known)}", known=known)
    return told or None


def _row(one: Tracked, language: str, contract: Contract) -> tuple[object, ...]:
    finding = one.finding
    message = finding.message_zh if language == "zh" else finding.message_en
    row = str(finding.row) if finding.row else ""
    due = one.due.isoformat() if isinstance(one.due, date) else ""
    return (
        finding.verdict.value,
        finding.rule,
        row,
        finding.field,
        finding.observed,
        message,
        better(finding.rule, finding.suggestion, language, contract) or finding.expected,
        one.status.value,
        due,
        finding.finding_id,
    )
