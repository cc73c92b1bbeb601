"""`databus audit`: who saw what, and why; there is no payload to find."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from databus.audit import search as trail
from databus.cli.output import as_json, console, table
from databus.cli.session import session
from databus.model.disclosure import DecisionRecord
from databus.model.keys import organisation_key

_KEY_LENGTH = 36
_NAMED = 3


def verbs() -> typer.Typer:
    """The verbs of this group."""
    group = typer.Typer(help="Who saw what, why, and under which policy.", no_args_is_help=True)
    group.command("search")(search)
    return group


def search(
    caller: Annotated[str | None, typer.Option("--caller", help="name of the caller")] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="USCC or subject key")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="reason code, e.g. OK_CONSENT")] = None,
    since: Annotated[str | None, typer.Option("--since", help="day or instant, ISO 8601")] = None,
    until: Annotated[str | None, typer.Option("--until", help="day or instant, ISO 8601")] = None,
    limit: Annotated[int, typer.Option("--limit", help="how many at most")] = 20,
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Search the decision records, the latest first."""
    here = session()
    key = organisation_key(subject) if subject and len(subject) != _KEY_LENGTH else subject
    found = here.ask(lambda pool: trail.search(pool, caller=caller, subject=key, reason=reason, since=since, until=until, limit=limit))
    if as_document:
        print(as_json(found))
    elif not found:
        console().print("No decision was recorded that meets this.")
    else:
        columns = ("when", "caller", "purpose", "asked for", "outcome", "reasons", "records", "withheld", "request")
        console().print(table("", columns, [_row(decision) for decision in found]))
    return 0


def _row(decision: DecisionRecord) -> tuple[object, ...]:
    when = datetime.fromtimestamp(decision.at / 1000, ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")
    withheld = sum(len(fields) for fields in decision.withheld.values())
    reasons = ", ".join(decision.reasons[:_NAMED]) + (" …" if len(decision.reasons) > _NAMED else "")
    counted = len(decision.records) or decision.count
    return (when, decision.caller, decision.purpose, decision.action, decision.outcome, reasons, counted, withheld, decision.request_id)
