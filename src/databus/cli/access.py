"""`databus access`: the clients that may ask for tokens."""

from __future__ import annotations

from typing import Annotated

import typer

from databus.access import accounts as access
from databus.access.accounts import Client
from databus.access.secrets import Hashing
from databus.cli.output import as_json, console, table
from databus.cli.session import session
from databus.errors import Malformed
from databus.model.disclosure import Role
from databus.store import accounts


def verbs() -> typer.Typer:
    """The verbs of this group."""
    group = typer.Typer(help="Clients that may ask for tokens.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("add")(add)
    return group


def listed(
    secrets: Annotated[bool, typer.Option("--secrets", help="show the secrets of the sample clients")] = False,
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """List the clients. Only the sample clients' secrets are kept in readable form, and only they can be shown."""
    here = session()
    known = access.sample_secrets(here.keys.folder) if secrets else {}
    rows = [
        {
            "client_id": account.client_id,
            "role": account.role.value,
            "organisation": account.organisation,
            "disabled": account.disabled,
        }
        | ({"secret": known.get(account.client_id, "")} if secrets else {})
        for account in here.ask(accounts.all)
    ]
    if as_document:
        print(as_json(rows))
    else:
        console().print(table("", list(rows[0]) if rows else ["client_id"], [list(row.values()) for row in rows]))
    return 0


def add(
    client_id: Annotated[str, typer.Argument(help="name of the client")],
    role: Annotated[str, typer.Option("--role", help="AGENCY, DEPARTMENT, STEWARD or OFFICER")],
    organisation: Annotated[str, typer.Option("--organisation", help="the department's or agency's slug")] = "",
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Add a client. Its secret is printed once and kept nowhere."""
    here = session()
    if role not in Role.__members__:
        raise Malformed(f"role {role} does not exist; there are {', '.join(Role.__members__)}", role=role)
    client = Client(client_id, Role(role), organisation)
    secret = here.ask(lambda pool: access.add(pool, client, hashing=Hashing()))
    if as_document:
        print(as_json({"client_id": client_id, "secret": secret}))
    else:
        console().print(f"{client_id} may ask for tokens with this secret, which is shown once:\n{secret}")
    return 0
