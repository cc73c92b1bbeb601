"""`databus publish retract RECEIPT`: the stop button on the command line."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from databus.cli.output import as_json, console, table
from databus.cli.receipt import token_of
from databus.cli.session import session
from databus.department import proof
from databus.errors import NotFound, Unavailable, Unprocessable

_SECONDS = 120.0


def retract(
    receipt: Annotated[Path, typer.Argument(help="the receipt of the batch, or several, one per line, as `databus publish` left them")],
    department: Annotated[str, typer.Option("--department", help="slug of the department")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="tell what would be done, send nothing")] = False,
    into: Annotated[
        Path | None, typer.Option("--into", help="where the retraction's own receipts go [default: FILE.retracted.ndjson]")
    ] = None,
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Take a batch back: what it created is deleted, what it changed goes back to what was said before. What has changed since
    is listed and left; the exit code is then 1."""
    here = session()
    if department not in here.contract.departments:
        raise NotFound(f"no department is named {department}; there are {', '.join(here.contract.departments)}", department=department)
    target = into or receipt.with_name(f"{receipt.name.partition('.')[0]}.retracted.ndjson")
    headers = {"Authorization": f"Bearer {token_of(here, department)}"}
    with httpx.Client(base_url=here.intake, timeout=_SECONDS, headers=headers) as client:
        answers = [_asked(client, department, document, dry_run=dry_run) for _, document in proof.receipts_in(receipt)]
    receipts = [{name: one[name] for name in ("receipt", "submissions")} for one in answers if "receipt" in one]
    if receipts:
        target.write_text("".join(json.dumps(one, separators=(",", ":")) + "\n" for one in receipts), "utf-8")
    left = [one for answer in answers for one in answer["left"]]
    counts: Counter[str] = sum((Counter(one["counts"]) for one in answers), Counter())
    kept = str(target) if receipts else None
    if as_document:
        print(
            as_json(
                {"dry_run": dry_run, "retracted": sum(one["retracted"] for one in answers), "counts": counts, "left": left, "receipt": kept}
            )
        )
    else:
        _show(counts, left, kept, dry_run=dry_run)
    return 1 if left else 0


def _show(counts: Counter[str], left: list[dict[str, Any]], kept: str | None, *, dry_run: bool) -> None:
    out = console()
    done = ", ".join(f"{number} {op}" for op, number in counts.items() if number) or "nothing"
    out.print(f"{'Would be sent' if dry_run else 'Sent'}: {done}")
    if left:
        out.print(table("left as it is", ("submission", "why"), [(one["submission_id"], one["message"]["en"]) for one in left]))
    if kept:
        out.print(f"The receipt of the retraction: {kept}")


def _asked(client: httpx.Client, department: str, document: Any, *, dry_run: bool) -> dict[str, Any]:
    query = {"dry_run": "true"} if dry_run else {}
    try:
        answer = client.post(f"/v1/departments/{department}/retractions", json=document, params=query)
        told: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(f"the intake did not take the retraction: {type(error).__name__}", url=str(client.base_url)) from error
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Unavailable(f"the intake did not take the retraction: {answer.status_code}", url=str(client.base_url))
    if answer.status_code >= httpx.codes.BAD_REQUEST:
        raise Unprocessable(f"the intake refused: {told.get('detail', answer.status_code)}", status=answer.status_code)
    return told
