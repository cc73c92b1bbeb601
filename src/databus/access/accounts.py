"""Accounts of clients: made with a fresh secret, told once; the sample clients of the first run."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from databus.access.secrets import Hashing, fresh
from databus.errors import Malformed
from databus.model.disclosure import Role
from databus.store import accounts
from databus.store.accounts import Account
from databus.store.sessions import Pool

_ID = re.compile(r"^[a-z0-9][a-z0-9-]{1,62}$")
_BELONGING = {Role.DEPARTMENT, Role.AGENCY}


@dataclass(frozen=True, slots=True)
class Client:
    """A client to be made. `organisation` is the slug of its department or agency."""

    client_id: str
    role: Role
    organisation: str


async def add(pool: Pool, client: Client, *, hashing: Hashing, secret: str | None = None) -> str:
    """Make an account and give its secret, which is kept nowhere else.

    Raises:
        Malformed: the id is not 2 to 63 of a-z, 0-9 and -, or a department or agency without its slug.
        Conflict: there is an account of that id.
        StoreUnavailable: PostgreSQL is away.
    """
    if not _ID.match(client.client_id):
        raise Malformed("An id has 2 to 63 characters of a-z, 0-9 and -, and begins with none of -.", client_id=client.client_id[:80])
    if (client.role in _BELONGING) != bool(client.organisation) or client.role is Role.PUBLIC:
        raise Malformed("A department or an agency belongs to an organisation, nobody else does.", role=client.role.value)
    secret = secret or fresh()
    stored = await hashing.hash(secret)
    await accounts.add(pool, client.client_id, secret_hash=stored, role=client.role, organisation=client.organisation)
    return secret


async def create_samples(pool: Pool, clients: Sequence[Client], *, keys: Path, hashing: Hashing) -> tuple[str, ...]:
    """Make the sample clients that are not there, each secret in `<keys>/clients/<client_id>.secret` (mode 600); their ids.

    Safe to repeat: a secret on disk is used again, and an account whose secret was lost gets a new one.
    """
    folder = keys / "clients"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    for client in clients:
        file = folder / f"{client.client_id}.secret"
        account = await accounts.find(pool, client.client_id)
        if account is not None and file.exists():
            continue
        secret = file.read_text("ascii").strip() if file.exists() else fresh()
        _keep(file, secret)
        await _set(pool, client, account, secret, hashing)
        made.append(client.client_id)
    return tuple(made)


def sample_secrets(keys: Path) -> dict[str, str]:
    """Client id → secret of the sample clients; no other secret can be shown."""
    return {file.stem: file.read_text("ascii").strip() for file in sorted((keys / "clients").glob("*.secret"))}


async def _set(pool: Pool, client: Client, account: Account | None, secret: str, hashing: Hashing) -> None:
    if account is None:
        await add(pool, client, hashing=hashing, secret=secret)
    else:
        await accounts.renew(pool, client.client_id, secret_hash=await hashing.hash(secret))


def _keep(file: Path, secret: str) -> None:
    # Durable before the account exists: an account whose secret nobody has would be of no use.
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(secret + "\n")
    file.chmod(0o600)
