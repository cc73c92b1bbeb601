"""`databus profile CODE`: a profile as one of the sample clients gets it, now or at a moment."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import typer

from databus.access.accounts import sample_secrets
from databus.cli.output import as_json, console, table
from databus.cli.session import Session, session
from databus.errors import NotAllowed, NotFound, Rejected, Unavailable

_SHOWN = 6
_REFUSALS: dict[int, type[Rejected]] = {403: NotAllowed, 404: NotFound}


def profile(
    code: Annotated[str, typer.Argument(help="a code of an organisation")],
    client: Annotated[str, typer.Option("--client", help="who asks: a sample client")] = "agency-north",
    purpose: Annotated[str, typer.Option("--purpose", help="what for")] = "P12",
    as_of: Annotated[str | None, typer.Option("--as-of", help="the day facts are to hold on")] = None,
    known_at: Annotated[str | None, typer.Option("--known-at", help="a day or an instant: what was known by then")] = None,
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Show what a client may see of a business; the access is decided and recorded like any other."""
    here = session()
    asked = {"purpose": purpose, "as_of": as_of, "known_at": known_at}
    body = _answer(here, client, code, {name: value for name, value in asked.items() if value is not None})
    if as_document:
        print(as_json(body))
        return 0
    out = console()
    out.print(
        f"{body['subject']['name'] or 'a person'}, as of {body['as_of']}" + (f", known at {body['known_at']}" if known_at or as_of else "")
    )
    rows = [_row(record) for section in body["sections"] for record in section["records"]]
    out.print(table("", ("type", "standing", "from", "received", "fields", "withheld"), rows))
    return 0


def _row(record: dict[str, Any]) -> tuple[object, ...]:
    told = [f"{name}={value}" for name, value in record["fields"].items() if value is not None]
    fields = ", ".join(told[:_SHOWN]) + (f" … {len(told) - _SHOWN} more" if len(told) > _SHOWN else "")
    return record["record_type"], record["standing"], record["department"], record["received"], fields, len(record["withheld"])


def _answer(here: Session, client: str, code: str, asked: dict[str, str]) -> dict[str, Any]:
    secret = sample_secrets(here.keys.folder).get(client)
    if secret is None:
        raise NotFound(f"there is no sample client {client}; there are {', '.join(sample_secrets(here.keys.folder))}", client=client)
    try:
        with httpx.Client(base_url=here.gateway, timeout=20.0) as gateway:
            token = gateway.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(client, secret)).raise_for_status().json()
            answer = gateway.get(f"/v1/profiles/{code}", params=asked, headers={"Authorization": f"Bearer {token['access_token']}"})
    except httpx.HTTPError as error:
        raise Unavailable(f"the gateway does not answer: {error}", url=here.gateway) from error
    body: dict[str, Any] = answer.json()
    if answer.is_server_error:
        raise Unavailable(str(body.get("detail", answer.reason_phrase)), status=answer.status_code)
    if answer.is_error:
        raise _REFUSALS.get(answer.status_code, Rejected)(str(body.get("detail", answer.reason_phrase)), status=answer.status_code)
    return body
