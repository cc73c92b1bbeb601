"""`databus receipt verify`: what was handed over, and when, proved offline from a receipt and the public key."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from databus.cli.output import as_json, console, table
from databus.department import proof, receipt
from databus.department.receipt import Statement
from databus.errors import Malformed, Unprocessable
from databus.settings import Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")


def verbs() -> typer.Typer:
    """The verbs of this group."""
    group = typer.Typer(help="Receipts for what a department has handed over.", no_args_is_help=True)
    group.callback()(_group)
    group.command("verify")(verify)
    return group


def _group() -> None:
    """Receipts for what a department has handed over."""


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
