"""The intake as one router: everything a department may reach by HTTP, from its ports."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.http import events, receipts
from databus.department.http.foresight import Foresee
from databus.department.http.intake import Callers, Inbox, Intake, Replies, Sign
from databus.department.http.receipts import Reader
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
    foresee: Foresee,
    reader: Reader,
) -> APIRouter:
    """Publishing and receipts.

    `callers` tells who asks (ANONYMOUS without credentials), `inbox` appends, `replies` keeps replies for repeats, `sign`
    makes receipts, `secret` gives a department's own HMAC key, `foresee`
    tells what would become of submissions, `reader` reads records of an inbox by their places.
    """
    intake = Intake(contract, codec, callers, clock, inbox, replies, sign, secret, foresee)
    routes = APIRouter()
    for part in (events.router(intake), receipts.router(intake, reader)):
        routes.include_router(part)
    return routes
