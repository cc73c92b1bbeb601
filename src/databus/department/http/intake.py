"""What every route of the intake needs, gathered once, and the question all of them ask first: whose department is it?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from starlette.requests import Request

from databus.bus.journal import Entry, Place
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.http.foresight import Foresee
from databus.department.http.room import Room
from databus.department.receipt import Listed
from databus.errors import NotAllowed, Unauthenticated
from databus.model.disclosure import Caller, Role
from databus.ports import Clock
from databus.store.replies import Reply, Turn

Callers = Callable[[Request], Awaitable[Caller]]
"""Who asks; ANONYMOUS without credentials. Raises Unauthenticated for wrong ones."""


class Inbox(Protocol):
    """Appends to inboxes; see `bus.journal.Journal.append_all`."""

    async def append_all(self, topic: str, entries: Sequence[Entry]) -> tuple[Place, ...]:
        """All are durable when this returns, in their order."""
        ...


class Replies(Protocol):
    """Replies kept for repeats; see `store.replies.Replies`."""

    async def begin(self, department: str, key: str, *, fingerprint: bytes, begun: int, now: datetime) -> Turn | Reply:
        """The turn, or the answer."""
        ...

    async def keep(self, department: str, key: str, turn: Turn, answer: Reply) -> None:
        """Keep the answer."""
        ...

    async def release(self, department: str, key: str, turn: Turn) -> None:
        """Let it be repeated."""
        ...


class Sign(Protocol):
    """Signs receipts for submissions of one inbox."""

    def __call__(self, listed: Sequence[Listed], *, department: str, source_sha256: str) -> dict[str, Any]:
        """The receipt; see `department.receipt`."""
        ...


@dataclass(frozen=True)
class Intake:
    """The ports behind the routes.

    `callers` tells who asks (ANONYMOUS without credentials), `inbox` appends, `replies` keeps replies for repeats, `sign`
    makes receipts, `secret` gives a department's own HMAC key, `foresee` tells what would become of submissions; `prove` does so under
    the keys of subjects and records that the line itself gives: for no eye but this process's own, since it would tell a guessed number.
    """

    contract: Contract
    codec: Codec
    callers: Callers
    clock: Clock
    inbox: Inbox
    replies: Replies
    sign: Sign
    secret: Callable[[str], bytes]
    foresee: Foresee
    prove: Foresee
    room: Room = field(default_factory=Room)


async def own(intake: Intake, request: Request, department: str) -> Caller:
    """The caller, who must be of this department.

    Raises:
        Unauthenticated: nobody has proved who is asking.
        NotAllowed: another department, or none.
    """
    caller = await intake.callers(request)
    if caller.role is Role.PUBLIC:
        raise Unauthenticated("This needs a token; get one at /oauth/token with your department's client credentials.")
    if caller.role is not Role.DEPARTMENT or caller.organisation != department or department not in intake.contract.departments:
        raise NotAllowed(f"{caller.name} is not a client of {department[:64]}.", department=department[:64])
    return caller
