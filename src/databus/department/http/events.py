"""`POST /v1/departments/{department}/events`: JSON batches and CloudEvents into the department's inbox."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from databus.contract.catalogue import Contract
from databus.department.http import cloudevents, items, secrecy, strict
from databus.department.http.bodies import body_of, media_type
from databus.department.http.cloudevents import CloudEvent
from databus.department.http.delivery import Asked, composer, deliver
from databus.department.http.idempotency import fingerprint, key_of, once
from databus.department.http.intake import Intake, own
from databus.department.http.items import Item
from databus.errors import Malformed
from databus.store.replies import Reply

BODY_BYTES = 4 * 1024 * 1024
JSON = "application/json"
KINDS = (JSON, cloudevents.STRUCTURED, cloudevents.BATCH)

Department = Annotated[str, Path(description="Slug of your department.", examples=["emergency"])]


def router(intake: Intake) -> APIRouter:
    """The route; for clients of that department."""
    routes = APIRouter(tags=["publishing"])
    described = {"x-problems": [401, 403, 408, 409, 413, 415, 422]}

    @routes.post("/v1/departments/{department}/events", status_code=202, summary="Publish", openapi_extra=described)
    async def publish(request: Request, department: Department) -> Response:
        """Publish a JSON batch or CloudEvents 1.0 (structured, batch or binary mode), 1 to 1,000 events in 4 MiB.

        Every event is accepted for delivery, or refused with rule, field and suggestion; 202 if any was accepted, 422 if
        none. What the checks then find comes back as findings. The members `receipt` and `submissions` are the receipt:
        keep them. Send an `Idempotency-Key` if you might have to repeat the request: it has one effect and one answer.
        """
        await own(intake, request, department)
        secrecy.refuse_declared(request.headers, codes=intake.contract.codes)
        kind, key = media_type(request, KINDS), key_of(request.headers)
        body = await body_of(request, limit=BODY_BYTES)
        asked = Asked(await asyncio.to_thread(read, kind, request.headers, body, intake.contract), hashlib.sha256(body).hexdigest())

        async def work(second: int, seed: tuple[str | int, ...]) -> Reply:
            return await deliver(intake, department, asked, composer(intake, department, second=second, seed=seed))

        return await once(intake, department, key, fingerprint(request.headers, body), work)

    return routes


def read(kind: str, headers: Headers, body: bytes, contract: Contract) -> tuple[Item, ...]:
    """The items of a request.

    Raises:
        Malformed: it is none of ours, or the one CloudEvent it holds is malformed (fact `attribute`).
        TooLarge: too many pieces or items. Unprocessable: DQ-SEC-01.
    """
    value = strict.parse(body)
    secrecy.refuse_told(value, codes=contract.codes)
    binary = any(name.startswith(cloudevents.PREFIX) for name in headers)
    if binary and kind != JSON:
        raise Malformed("Headers ce-… are those of binary mode; in this content type the attributes stand in the body.", reason="mode")
    if kind == JSON and not binary:
        return tuple(items.of_batch(value))
    if kind == cloudevents.BATCH:
        found = cloudevents.batch_of(value)
        items.require_count(len(found))
        return _items(found, contract)
    event = cloudevents.binary(headers.items(), value) if binary else cloudevents.event_of(value)
    # A single malformed event is a malformed request.
    items.type_of(event, contract.types)
    return _items([event], contract)


def _items(events: Sequence[CloudEvent | Malformed], contract: Contract) -> tuple[Item, ...]:
    for event in events:
        if isinstance(event, CloudEvent):
            # What was in base64 is read only now.
            secrecy.refuse_told(event.data, codes=contract.codes)
    return tuple(items.of_events(events, types=contract.types))
