"""`POST /v1/departments/{department}/events`: JSON batches and CloudEvents into the department's inbox."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from databus.contract.catalogue import Contract
from databus.department.http import cloudevents, examples, foresight, items, secrecy, strict
from databus.department.http.cloudevents import CloudEvent
from databus.department.http.delivery import Asked, composer, deliver, foreseen
from databus.department.http.idempotency import fingerprint, key_of, microseconds, once
from databus.department.http.intake import Intake, own
from databus.department.http.items import Item
from databus.errors import Malformed, TooLarge, UnsupportedMedia
from databus.store.replies import Reply
from databus.web.bodies import body_of, media_type

BODY_BYTES = 4 * 1024 * 1024
JSON = "application/json"
KINDS = (JSON, cloudevents.STRUCTURED, cloudevents.BATCH)

DRY_MOST = 200
"""Events of one dry run."""
DryRun = Annotated[bool, Query(description="Tell what would happen; send and store nothing.")]
Department = Annotated[str, Path(description="Slug of your department.", examples=["emergency"])]


def router(intake: Intake) -> APIRouter:
    """The route; for clients of that department."""
    routes = APIRouter(tags=["publishing"])
    described = {"x-problems": [401, 403, 408, 409, 413, 415, 422, 429], "requestBody": examples.REQUEST}

    @routes.post(
        "/v1/departments/{department}/events",
        status_code=202,
        summary="Publish",
        responses=examples.ACCEPTED | examples.FORESEEN,
        openapi_extra=described,
    )
    async def publish(request: Request, department: Department, dry_run: DryRun = False) -> Response:
        """Publish a JSON batch or CloudEvents 1.0 (structured, batch or binary mode), 1 to 1,000 events in 4 MiB.

        Every event is accepted for delivery, or refused with rule, field and suggestion; 202 if any was accepted, 422 if
        none. What the checks then find comes back as findings. The members `receipt` and `submissions` are the receipt:
        keep them. Send an `Idempotency-Key` if you might have to repeat the request: it has one effect and one answer.

        With `dry_run` nothing is sent or stored: you are told what the checks would find, how each field is classed, what
        each kind of reader would see of it, and what it would do to the profile; up to 200 events.
        """
        await own(intake, request, department)
        secrecy.refuse_declared(request.headers, codes=intake.contract.codes)
        kind, key = _kind(request), key_of(request.headers)
        with intake.room.of(department):
            body = await body_of(request, limit=BODY_BYTES)
            asked = Asked(await asyncio.to_thread(read, kind, request.headers, body, intake.contract), hashlib.sha256(body).hexdigest())
            if dry_run:
                return await _told(intake, department, asked)

            async def work(begun: int, seed: tuple[str | int, ...]) -> Reply:
                return await deliver(intake, department, asked, composer(intake, department, begun=begun, seed=seed))

            return await once(intake, department, key, fingerprint(request.headers, body), work)

    return routes


async def _told(intake: Intake, department: str, asked: Asked) -> Response:
    """What would become of every item."""
    if len(asked.items) > DRY_MOST:
        raise TooLarge(f"A dry run is for {DRY_MOST} events at most.", limit=DRY_MOST)
    begun = microseconds(intake.clock())
    make = composer(intake, department, begun=begun, seed=(begun, asked.source_sha256))
    results = await foreseen(intake, department, asked.items, make)
    accepted = sum(one["outcome"] == foresight.ACCEPTED for one in results)
    told = {"dry_run": True, "accepted": accepted, "refused": len(results) - accepted, "results": results}
    return Response(orjson.dumps(told), media_type="application/json", headers={"Cache-Control": "no-store"})


def _kind(request: Request) -> str:
    """The kind of the body: in binary mode an attribute of the event, which need not be told (HTTP binding 1.0.2, 3.1.1)."""
    if not cloudevents.in_binary_mode(request.headers):
        return media_type(request, KINDS)
    if "content-type" not in request.headers:
        return JSON
    try:
        return media_type(request, KINDS)
    except UnsupportedMedia as error:
        raise UnsupportedMedia(error.detail, **error.facts, attribute="datacontenttype") from error


def read(kind: str, headers: Headers, body: bytes, contract: Contract) -> tuple[Item, ...]:
    """The items of a request.

    Raises:
        Malformed: it is none of ours, or the one CloudEvent it holds is malformed (fact `attribute`).
        TooLarge: too many pieces or items. Unprocessable: DQ-SEC-01.
    """
    value, containers = strict.parsed(body)
    secrecy.refuse_told(containers, codes=contract.codes)
    binary = cloudevents.in_binary_mode(headers)
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
            secrecy.refuse_told(strict.containers(event.data), codes=contract.codes)
    return tuple(items.of_events(events, types=contract.types))
