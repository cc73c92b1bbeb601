"""`databus findings`: what is wrong with a department's submissions, the latest first."""

from __future__ import annotations

from typing import Annotated

import typer

from databus.cli.output import as_json, console, table
from databus.cli.session import session
from databus.errors import NotFound
from databus.model.finding import Finding
from databus.store import findings as store


def findings(
    department: Annotated[str, typer.Option("--department", help="slug of the department")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="how many at most")] = 20,
    language: Annotated[str, typer.Option("--lang", help="zh or en")] = "en",
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """List findings of a department."""
    here = session()
    if department not in here.contract.departments:
        raise NotFound(f"no department is named {department}; there are {', '.join(here.contract.departments)}", department=department)
    found = here.ask(lambda pool: store.page(pool, department, limit=limit))
    if as_document:
        print(as_json(found))
    elif not found:
        console().print(f"No findings for {department}.")
    else:
        columns = ("verdict", "rule", "row", "field", "observed", "what is wrong", "what would pass", "submission")
        console().print(table("", columns, [_row(finding, language) for finding in found]))
    return 0


def _row(finding: Finding, language: str) -> tuple[object, ...]:
    message = finding.message_zh if language == "zh" else finding.message_en
    better = finding.suggestion or finding.expected
    row = str(finding.row) if finding.row else ""
    return (finding.verdict.value, finding.rule, row, finding.field, finding.observed, message, better, finding.submission_id)
