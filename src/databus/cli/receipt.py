"""`databus receipt`: what was handed over, and when: asked for at the intake, and proved offline with the public key alone."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
import typer

from databus.access.accounts import sample_secrets
from databus.cli.output import as_json, console, table
from databus.cli.session import Session, session
from databus.department import proof, receipt
from databus.department.receipt import Statement
from databus.department.receipting import receipts_of
from databus.errors import Malformed, NotFound, Unavailable, Unprocessable
from databus.settings import Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")


def verbs() -> typer.Typer:
    """The verbs of this group."""
    group = typer.Typer(help="Receipts for what a department has handed over.", no_args_is_help=True)
    group.command("verify")(verify)
    group.command("request")(request)
    return group


def request(
    taken: Annotated[Path, typer.Argument(help="what was taken, as `databus publish` left it where it got no receipt")],
    department: Annotated[str, typer.Option("--department", help="slug of the department")],
    source: Annotated[Path | None, typer.Option("--source", help="the file it came from")] = None,
    into: Annotated[Path | None, typer.Option("--into", help="where the receipts go [default: FILE.receipt.ndjson]")] = None,
) -> int:
    """Ask for the receipts of what has been published already."""
    target = into or taken.with_name(f"{taken.name.removesuffix('.taken')}.receipt.ndjson")
    console().print(f"{requested(session(), department, taken, source=source, into=target):,} submissions are receipted in {target}")
    return 0


def requested(here: Session, department: str, taken: Path, *, source: Path | None, into: Path) -> int:
    """The receipts for what was taken, one per line of `into`; how many submissions they are for.

    Raises:
        NotFound: no client of the department is known here. Unavailable: the intake does not answer.
        Unprocessable: it refuses.
    """
    count, sha256 = 0, proof.hash_of(source) if source is not None else ""
    found = receipts_of(taken, url=here.intake, token=token_of(here, department), department=department, source_sha256=sha256)
    with into.open("w", encoding="utf-8") as out:
        for one in found:
            count += len(one["submissions"])
            out.write(json.dumps(one, separators=(",", ":")) + "\n")
    return count


def token_of(here: Session, department: str) -> str:
    """A token of the department's client.

    Raises:
        NotFound: no client of the department is known here. Unavailable: the intake does not answer.
    """
    secret = sample_secrets(here.keys.folder).get(department)
    if secret is None:
        raise NotFound(f"no client of {department} is known here; `databus access add` makes one", department=department)
    try:
        answer = httpx.post(
            f"{here.intake}/oauth/token", data={"grant_type": "client_credentials"}, auth=(department, secret), timeout=20.0
        )
        return str(answer.raise_for_status().json()["access_token"])
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise Unavailable(f"the intake gives no token: {type(error).__name__}", url=here.intake) from error


def verify(
    file: Annotated[Path, typer.Argument(help="a receipt, or one per line")],
    key: Annotated[Path | None, typer.Option("--key", help="public key: PEM, or the intake's JWK set [default: this checkout's]")] = None,
    source: Annotated[Path | None, typer.Option("--source", help="the request or file it must be of")] = None,
    by: Annotated[str, typer.Option("--by", help="the last day, or instant, that was on time (Asia/Shanghai)")] = "",
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Verify receipts; exit code 1 if one of them does not hold, and says what of it was changed."""
    keys = proof.public_keys(key or Settings().home / "keys" / "receipt-signing.pub")
    wanted = proof.hash_of(source) if source is not None else None
    told = [_proved(number, document, keys, wanted) for number, document in proof.receipts_in(file)]
    latest = max((span.until for one in told for span in one.positions), default=0)
    if by and latest >= _end(by).timestamp() * 1000:
        raise Unprocessable(f"The last of it was taken at {_instant(latest)}, after {by}.", late=True)
    if as_document:
        print(as_json(told))
    else:
        console().print(table("", ("department", "submissions", "taken from", "until", "positions"), [_row(one) for one in told]))
        console().print("Proved: these submissions lay in the department's inbox at these times.")
    return 0


def _proved(number: int, document: Any, keys: dict[str, Any], source: str | None) -> Statement:
    try:
        return receipt.verify(document, keys, source_sha256=source)
    except Unprocessable as error:
        raise Unprocessable(f"Receipt {number} proves nothing. {error.detail}", line=number, **error.facts) from error


def _end(by: str) -> datetime:
    try:
        if len(by) == len("2026-09-10"):
            return datetime.combine(date.fromisoformat(by) + timedelta(days=1), datetime.min.time(), SHANGHAI)
        told = datetime.fromisoformat(by)
        return told if told.tzinfo else told.replace(tzinfo=SHANGHAI)
    except (ValueError, OverflowError):
        raise Malformed(f"{by} is no day such as 2026-09-10 and no instant such as 2026-09-10T17:00", by=by) from None


def _row(told: Statement) -> tuple[object, ...]:
    places = ", ".join(f"{told.topic}[{span.partition}] {span.first}-{span.last}" for span in told.positions)
    since, until = min(span.since for span in told.positions), max(span.until for span in told.positions)
    return told.department, told.count, _instant(since), _instant(until), places


def _instant(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, SHANGHAI).isoformat(sep=" ", timespec="milliseconds")
