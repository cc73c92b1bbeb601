"""A person enters with a client's secret, is known by a token in a cookie, and leaves; forms prove where they came from."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from databus.access.attempts import Attempts
from databus.access.secrets import Hashing, fresh
from databus.errors import NotAllowed
from databus.model.disclosure import Caller, Role
from databus.ports import Clock
from databus.store.accounts import Account

LIFE, IDLE = timedelta(hours=10), timedelta(hours=1)
"""How long a login lasts, and how long without being used."""
ROLES = (Role.DEPARTMENT, Role.STEWARD, Role.OFFICER)
"""Who has something to do at the desk."""
_LONGEST = 256


class Kept(Protocol):
    """Where logins are kept; see `store.logins`."""

    async def begin(self, token: str, account: Account, *, now: datetime, life: timedelta) -> None:
        """Keep one."""
        ...

    async def find(self, token: str, *, now: datetime, idle: timedelta) -> Account | None:
        """Whose it is."""
        ...

    async def end(self, token: str) -> None:
        """Forget it."""
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is at the desk, and what a form of theirs must bring back."""

    caller: Caller
    csrf: str


@dataclass(frozen=True)
class Logins:
    """Entering, being known and leaving; `find` gives the account of a client id."""

    find: Callable[[str], Awaitable[Account | None]]
    kept: Kept
    hashing: Hashing
    clock: Clock
    attempts: Attempts

    async def enter(self, client_id: str, secret: str, *, address: str) -> str | None:
        """The token of a new login, None where this client is not known by this secret or has no business here.

        Raises:
            TooManyRequests: too many attempts have failed from this address.
        """
        client_id, secret = client_id.strip()[:_LONGEST], secret.strip()[:_LONGEST]
        await self.attempts.begin(client_id, address)
        account = await self.find(client_id)
        stored = account.secret_hash if account is not None and not account.disabled and account.role in ROLES else None
        if not await self.hashing.agrees(stored, secret) or account is None:
            return None
        await self.attempts.succeeded(client_id, address)
        token = fresh()
        await self.kept.begin(token, account, now=self.clock(), life=LIFE)
        return token

    async def visit(self, token: str | None) -> Visit | None:
        """Who holds this token; None where nobody does any more."""
        if not token or len(token) > _LONGEST:
            return None
        account = await self.kept.find(token, now=self.clock(), idle=IDLE)
        return None if account is None else Visit(Caller(account.client_id, account.role, account.organisation), csrf_of(token))

    async def leave(self, token: str | None) -> None:
        """End a login; safe to repeat."""
        if token and len(token) <= _LONGEST:
            await self.kept.end(token)


def csrf_of(token: str) -> str:
    """What forms carry for a cookie: only who was given the page knows it, and it tells nothing of the cookie."""
    return hmac.digest(token.encode("utf-8", "replace"), b"databus form", hashlib.sha256).hex()


def require_csrf(told: str, expected: str) -> None:
    """Refuse a form that none of our pages sent.

    Raises:
        NotAllowed: it did not bring what the page gave it.
    """
    if not hmac.compare_digest(told.encode("utf-8", "replace"), expected.encode()):
        raise NotAllowed("This form did not come from a page of this login; load the page again.", reason="form")
