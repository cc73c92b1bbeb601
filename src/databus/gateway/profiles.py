"""The full profile for an authorised caller: decide, read, redact, record, and only then release."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from databus.contract.identifiers import normalise_code
from databus.errors import Malformed, NotAllowed, Unauthenticated
from databus.gateway import examples
from databus.gateway.bodies import profile_body
from databus.gateway.lens import look
from databus.gateway.line import Line, purpose_of
from databus.gateway.moments import AsOf, KnownAt, moment_of
from databus.gateway.reading import code_of, nobody, read
from databus.gateway.recording import Asked, decisions, record
from databus.model.disclosure import ANONYMOUS, Caller, Role
from databus.model.keys import organisation_key, person_key
from databus.web.bodies import body_of, media_type
from databus.web.cursors import scope, seal, unseal
from databus.web.etags import json_answer
from databus.web.headers import request_id
from databus.web.paging import given_once

HANDLE = "p."
"""A handle begins so; no code does."""
LIFE = timedelta(hours=1)
BODY_BYTES = 4096
JSON = "application/json"
DECISION = "Databus-Decision-Id"

_WORD = re.compile(r"[A-Z0-9_]{1,16}")

Code = Annotated[
    str, Path(description="A code of an organisation, or a handle of a person from `resolve`.", examples=["91220000YYYY00012A"])
]
Purpose = Annotated[str, Query(description="What for: a code of the list `purpose`.", examples=["P12"])]


class Person(BaseModel):
    """A natural person, named by a document. The number is in the body because addresses are logged everywhere."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"id_type": "RIC", "id_number": "220000190001010018"}})

    id_type: str = Field(description="Kind of document, a code of the list `id_type`.", max_length=16)
    id_number: str = Field(description="Its number.", max_length=32)


def router(line: Line) -> APIRouter:
    """`/v1/profiles/{code}` and `/v1/subjects/resolve`; for callers with a token."""
    routes = APIRouter(tags=["profiles"], dependencies=[Depends(given_once)])
    problems = {"x-problems": [401, 403, 404]}
    named = {
        "x-problems": [401, 408, 413, 415],
        "requestBody": {"required": True, "content": {JSON: {"schema": Person.model_json_schema()}}},
    }

    @routes.get("/v1/profiles/{code}", summary="Profile", responses=examples.answer(examples.PROFILE), openapi_extra=problems)
    async def profile(request: Request, code: Code, purpose: Purpose = "", as_of: AsOf = None, known_at: KnownAt = None) -> Response:
        """Everything the caller may see of one subject for one purpose, each record cut by policy.

        With `as_of` or `known_at`, the contents that held on that day as far as was known then; who may see them is
        decided by what each record is now, and what was erased since is gone. The answer cites both times.
        The access is recorded before the first byte leaves; `Databus-Decision-Id` quotes the record.
        """
        caller = await known(line, request)
        moment = moment_of(as_of, known_at, now=line.clock())
        subject_key, asked = await subject_of(line, caller, code)
        stated = purpose_of(request)
        permit = await line.records.permit(caller.organisation, subject_key=subject_key, purpose=stated, day=line.today())
        lens = await look(line.planner, caller, purpose=stated, permit=permit)
        found = await read(line, lens, subject_key, asked=asked, moment=moment)
        shown = found.shown if found else ()
        act = Asked("profile.read", request_id(request), subject_key)
        made = await record(line.trail, decisions(act, lens, shown, clock=line.clock))
        if found is None:
            raise nobody()
        day = line.day() if moment is None else moment.as_of
        body = profile_body(found, lens, contract=line.contract, platform_key=line.platform_key, as_of=day.isoformat())
        body |= {} if moment is None else {"known_at": moment.known_at.isoformat(timespec="milliseconds")}
        return json_answer(request, body, headers={**line.as_of(), DECISION: made, "Cache-Control": "private, no-cache"})

    @routes.post("/v1/subjects/resolve", summary="Handle of a person", responses=examples.answer(examples.HANDLE), openapi_extra=named)
    async def resolve(request: Request) -> Response:
        """A handle with which this caller may ask for a person's profile for an hour.

        It is given for any well-formed number and tells nothing: not even whether the person is known here.
        """
        caller = await known(line, request)
        person = await _person(request)
        number = normalise_code(person.id_number)
        if not _WORD.fullmatch(person.id_type) or not number.isascii() or not number.isalnum():
            raise Malformed("id_type is a code of the list `id_type`, id_number letters and digits.", parameter="id_number")
        key = person_key(person.id_type, number, secret=line.platform_key)
        until = int((line.clock() + LIFE).timestamp())
        handle = HANDLE + seal({"key": key, "until": until}, key=line.key, scope=scope("person", caller.name), fresh=True)
        return json_answer(request, {"handle": handle, "expires_in": int(LIFE.total_seconds())}, headers={"Cache-Control": "no-store"})

    return routes


async def _person(request: Request) -> Person:
    media_type(request, (JSON,))
    try:
        return Person.model_validate_json(await body_of(request, limit=BODY_BYTES))
    except ValidationError as error:
        raise Malformed("The body is one object with id_type (16 characters at most) and id_number (32 at most).") from error


async def known(line: Line, request: Request) -> Caller:
    """The caller, who must have proved who it is.

    Raises:
        Unauthenticated: nobody has.
    """
    caller = await line.callers(request)
    if caller == ANONYMOUS or caller.role is Role.PUBLIC:
        raise Unauthenticated("This needs a token; get one at /oauth/token with your client credentials.")
    return caller


async def subject_of(line: Line, caller: Caller, code: str) -> tuple[str, str]:
    """The subject a code or handle means, and the code it was asked for by.

    A code nobody has gets a key as well, so that the way of the answer does not tell it from a hidden one.

    Raises:
        Malformed: a forged handle. NotAllowed: one that has ended.
    """
    if code.startswith(HANDLE):
        content = unseal(code.removeprefix(HANDLE), key=line.key, scope=scope("person", caller.name))
        if int(content["until"]) < line.clock().timestamp():
            raise NotAllowed("This handle has ended; resolve the person again.")
        return str(content["key"]), ""
    asked = normalise_code(code_of(code))
    found = await line.records.by_code(asked)
    return (found.subject_key if found else organisation_key(asked)), asked
