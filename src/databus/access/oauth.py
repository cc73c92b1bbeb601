"""`POST /oauth/token` for client credentials, and `/.well-known/jwks.json` (RFC 6749 section 4.4, RFC 7517)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from databus.access.attempts import Attempts
from databus.access.secrets import Hashing
from databus.access.tokens import LIFE, Signing, issue, jwks
from databus.errors import TooManyRequests
from databus.model.disclosure import Caller
from databus.ports import Clock
from databus.store.accounts import Account

FORM = "application/x-www-form-urlencoded"

_LONGEST_BODY = 16 * 1024
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Find = Callable[[str], Awaitable[Account | None]]
"""The account of a client id, or None."""


@dataclass
class _Problem(Exception):
    error: str
    detail: str
    status: int = 400
    basic: bool = False
    retry_after: str = ""


def router(
    *,
    find: Find,
    hashing: Hashing,
    signing: Signing,
    clock: Clock,
    attempts: Attempts,
    address: Callable[[Request], str],
    published: Sequence[Mapping[str, Any]] = (),
) -> APIRouter:
    """Both routes. `attempts` bounds wrong secrets of a client from an `address`; `published` are further public keys, as JWKs.

    Errors have the form of RFC 6749 section 5.2, not that of our problems: clients expect it."""
    routes = APIRouter(tags=["access"])
    form = {"schema": _SCHEMA}

    @routes.post(
        "/oauth/token",
        summary="A token for client credentials",
        openapi_extra={"requestBody": {"required": True, "content": {FORM: form}}},
        responses={
            400: {"description": "RFC 6749 section 5.2"},
            401: {"description": "the client is not known by this secret"},
            429: {"description": "too many attempts of the client have failed; go on after Retry-After"},
        },
    )
    async def token(request: Request) -> JSONResponse:
        try:
            client_id, secret, basic = await _credentials(request)
            origin = address(request)
            await _begin(attempts, client_id, origin)
            account = await find(client_id)
            stored = None if account is None or account.disabled else account.secret_hash
            if not await hashing.agrees(stored, secret) or account is None:
                raise _Problem("invalid_client", "the client is not known by this secret", 401, basic)
        except _Problem as problem:
            return _refusal(problem)
        await attempts.succeeded(client_id, origin)
        caller = Caller(account.client_id, account.role, account.organisation)
        answer = {"access_token": issue(caller, signing, now=clock()), "token_type": "Bearer", "expires_in": int(LIFE.total_seconds())}
        return JSONResponse(answer, headers=_NO_STORE)

    @routes.get("/.well-known/jwks.json", summary="The keys that tokens and receipts are verified with")
    async def keys() -> JSONResponse:
        return JSONResponse({"keys": [*jwks(signing)["keys"], *published]}, headers={"Cache-Control": "public, max-age=300"})

    return routes


_SCHEMA = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "client_id": {"type": "string"},
        "client_secret": {"type": "string", "format": "password"},
    },
}


async def _begin(attempts: Attempts, client_id: str, origin: str) -> None:
    try:
        await attempts.begin(client_id, origin)
    except TooManyRequests as error:
        # RFC 6749 has no word for it; this one says that the same request may succeed later.
        raise _Problem("temporarily_unavailable", str(error), error.status, retry_after=str(error.facts["retry_after"])) from error


async def _credentials(request: Request) -> tuple[str, str, bool]:
    form = await _form(request)
    if "grant_type" not in form:
        raise _Problem("invalid_request", "grant_type is missing")
    if form["grant_type"] != "client_credentials":
        raise _Problem("unsupported_grant_type", "only client_credentials is supported")
    if form.get("scope"):
        raise _Problem("invalid_scope", "there are no scopes: what a client may see is decided per purpose")
    header = request.headers.get("authorization")
    if header is None:
        if not form.get("client_id") or not form.get("client_secret"):
            raise _Problem("invalid_client", "client_id and client_secret are missing", 401)
        return form["client_id"], form["client_secret"], False
    if "client_secret" in form:
        raise _Problem("invalid_request", "use one way to authenticate, not two")
    client_id, secret = _basic(header)
    return client_id, secret, True


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise _Problem("invalid_request", f"the body must be {FORM}")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_BODY:
            raise _Problem("invalid_request", "the body is too long")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise _Problem("invalid_request", "the body cannot be read") from error
    if len({name for name, _ in pairs}) != len(pairs):
        raise _Problem("invalid_request", "a parameter is given twice")
    return dict(pairs)


def _basic(header: str) -> tuple[str, str]:
    scheme, _, packed = header.strip().partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError("another scheme")
        client_id, colon, secret = base64.b64decode(packed.strip(), validate=True).decode().partition(":")
    except (ValueError, binascii.Error) as error:
        raise _Problem("invalid_client", "the credentials cannot be read", 401, basic=True) from error
    if not colon or not client_id:
        raise _Problem("invalid_client", "the credentials cannot be read", 401, basic=True)
    return unquote_plus(client_id), unquote_plus(secret)


def _refusal(problem: _Problem) -> JSONResponse:
    headers = {**_NO_STORE, **({"WWW-Authenticate": 'Basic realm="databus"'} if problem.basic else {})}
    if problem.retry_after:
        headers["Retry-After"] = problem.retry_after
    return JSONResponse({"error": problem.error, "error_description": problem.detail}, status_code=problem.status, headers=headers)
