"""The intake as one router: everything a department may reach by HTTP, from its ports."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.http import events
from databus.department.http.intake import Callers, Inbox, Intake, Replies, Sign
from databus.ports import Clock


def router(
    *,
    contract: Contract,
    codec: Codec,
    callers: Callers,
    clock: Clock,
    inbox: Inbox,
    replies: Replies,
    sign: Sign,
    secret: Callable[[str], bytes],
) -> APIRouter:
    """Publishing.

    `callers` tells who asks (ANONYMOUS without credentials), `inbox` appends, `replies` keeps replies for repeats, `sign`
    makes receipts, `secret` gives a department's own HMAC key.
    """
    intake = Intake(contract, codec, callers, clock, inbox, replies, sign, secret)
    routes = APIRouter()
    for part in (events.router(intake),):
        routes.include_router(part)
    return routes
