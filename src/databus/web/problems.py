"""Problems as RFC 9457 documents: one way from any error to an answer that says what to do and betrays nothing."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from databus import errors
from databus.web.headers import report, request_id
from databus.web.pages import Pages

MEDIA_TYPE = "application/problem+json"
RESERVED = frozenset({"type", "title", "status", "detail", "instance", "challenge"})
METHOD_NOT_ALLOWED = "method-not-allowed"
API = ("/v1", "/oauth", "/.well-known", "/registry", "/health", "/bundles")

_BY_STATUS: Mapping[int, type[errors.DatabusError]] = {
    400: errors.Malformed,
    401: errors.Unauthenticated,
    403: errors.NotAllowed,
    404: errors.NotFound,
    408: errors.TooSlow,
    409: errors.Conflict,
    413: errors.TooLarge,
    415: errors.UnsupportedMedia,
    422: errors.Unprocessable,
    429: errors.TooManyRequests,
    503: errors.Unavailable,
}


_BEHIND = {
    True: "Nothing was released. The same request may succeed in a moment.",
    False: "This was not foreseen; it has been logged under the request's id.",
}


def document(error: errors.DatabusError) -> dict[str, Any]:
    """The problem document of an error: the same error, the same bytes, whoever asks and whatever lies behind it."""
    told = {"type": f"/problems/{error.code}", "title": error.title, "status": error.status}
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # what failed behind the door, and how, is for the log and the operator
        return {**told, "detail": _BEHIND[isinstance(error, errors.Unavailable)]}
    return {**told, "detail": error.detail, **{name: value for name, value in error.facts.items() if name not in RESERVED}}


def install(app: FastAPI, pages: Pages) -> None:
    """Makes every error of this application leave as a problem."""

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, errors.DatabusError)
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            report(error, request_id(request))
        told = {"WWW-Authenticate": "challenge", "Retry-After": "retry_after"}
        headers = {name: str(error.facts[fact]) for name, fact in told.items() if fact in error.facts}
        return answer(request, document(error), pages, headers=headers, retry=error.status == HTTPStatus.SERVICE_UNAVAILABLE)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return await known(request, malformed(error))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(request, of_status(error.status_code), pages, headers=error.headers)

    app.add_exception_handler(errors.DatabusError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


async def unexpected(request: Request, pages: Pages) -> Response:
    """The answer to an error nobody foresaw: that it happened, and nothing else."""
    return answer(request, document(errors.DatabusError("unforeseen")), pages)


def malformed(error: RequestValidationError) -> errors.Malformed:
    """A request that does not fit its description: where and why, never the value."""
    places = [{"at": ".".join(str(part) for part in issue["loc"]), "why": issue["msg"]} for issue in error.errors()[:20]]
    return errors.Malformed("The request does not fit its description; see errors.", errors=places)


def of_status(status: int) -> dict[str, Any]:
    """The problem for a bare HTTP status, as the framework raises it for unknown paths and methods."""
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = "This address does not know this method; Allow names those it knows."
        return {
            "type": f"/problems/{METHOD_NOT_ALLOWED}",
            "title": "This method is not known here",
            "status": int(status),
            "detail": detail,
        }
    known = _BY_STATUS.get(status, errors.Rejected if status < HTTPStatus.INTERNAL_SERVER_ERROR else errors.DatabusError)
    error = known("Nothing is found at this address." if known is errors.NotFound else f"{HTTPStatus(status).phrase}.")
    return {**document(error), "status": status}


def answer(
    request: Request, problem: dict[str, Any], pages: Pages, *, headers: Mapping[str, str] | None = None, retry: bool = False
) -> Response:
    """The problem as JSON, or as a page for a reader with a browser."""
    extra = {"Cache-Control": "no-store", "Vary": "Accept", **({"Retry-After": "5"} if retry else {}), **(headers or {})}
    status = problem["status"]
    if status == HTTPStatus.UNAUTHORIZED:
        extra.setdefault("WWW-Authenticate", "Bearer")
    if wants_page(request):
        code = str(problem["type"]).rpartition("/")[2]
        told = {"code": code, "status": status, "request_id": request_id(request)}
        return pages.answer(request, "problem.html", told, status=status, headers=extra)
    body = orjson.dumps(problem, default=str)
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers={**extra, "Content-Language": "en"})


def wants_page(request: Request) -> bool:
    """True for a browser outside the API."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(API)


def tree() -> tuple[type[errors.DatabusError], ...]:
    """Every error there is, the root first."""
    found: list[type[errors.DatabusError]] = []
    open_ends: list[type[errors.DatabusError]] = [errors.DatabusError]
    while open_ends:
        found.append(open_ends.pop(0))
        open_ends.extend(found[-1].__subclasses__())
    return tuple(found)


def codes() -> tuple[str, ...]:
    """Every problem code that has a page."""
    return (*(kind("").code for kind in tree()), METHOD_NOT_ALLOWED)
