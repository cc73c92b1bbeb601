"""`/registry` as an application: its addresses, content types and the form of its errors.

Contracts are released, not registered at run time. Registering a schema that is there already gives its id, as the original
does in mode READONLY, so that serializers work with their defaults; registering another one is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from databus.bus.registered import Registered
from databus.department.registry import answers
from databus.department.registry.answers import MEDIA_TYPES, Registry, Text
from databus.department.registry.refusals import RegistryError
from databus.errors import DatabusError, Unavailable

Answer = Callable[[Request, Registry], Awaitable[Any]]

ROUTES: tuple[tuple[str, str, Answer], ...] = (
    ("GET", "/", answers.root),
    ("GET", "/subjects", answers.subjects),
    ("GET", "/subjects/{subject}/versions", answers.versions),
    ("GET", "/subjects/{subject}/versions/{version}", answers.one),
    ("GET", "/subjects/{subject}/versions/{version}/schema", answers.one_text),
    ("GET", "/subjects/{subject}/versions/{version}/referencedby", answers.referenced_by),
    ("GET", "/schemas", answers.schemas),
    ("GET", "/schemas/types", answers.types),
    ("GET", "/schemas/ids/{id}", answers.by_id),
    ("GET", "/schemas/ids/{id}/schema", answers.text_by_id),
    ("GET", "/schemas/ids/{id}/subjects", answers.subjects_of),
    ("GET", "/schemas/ids/{id}/versions", answers.versions_of),
    ("POST", "/subjects/{subject}", answers.look_up),
    ("POST", "/subjects/{subject}/versions", answers.register),
    ("POST", "/compatibility/subjects/{subject}/versions", answers.fits_all),
    ("POST", "/compatibility/subjects/{subject}/versions/{version}", answers.fits_one),
    ("GET", "/config", answers.config),
    ("GET", "/config/{subject}", answers.config),
    ("GET", "/mode", answers.mode),
    ("GET", "/mode/{subject}", answers.mode),
    ("DELETE", "/subjects/{subject}", answers.refuse),
    ("DELETE", "/subjects/{subject}/versions/{version}", answers.refuse),
    ("PUT", "/config", answers.refuse),
    ("PUT", "/config/{subject}", answers.refuse),
    ("DELETE", "/config", answers.refuse),
    ("DELETE", "/config/{subject}", answers.refuse),
    ("PUT", "/mode", answers.refuse),
    ("PUT", "/mode/{subject}", answers.refuse),
    ("DELETE", "/mode/{subject}", answers.refuse),
)

_BACKEND = 50001
_ANY = ("*/*", "application/*")


def application(registered: Registered) -> Starlette:
    """The API, to be mounted: an application of its own, because its errors have another form than everybody else's."""
    registry = Registry(registered)
    routes = [Route(path, partial(_answered, answer, registry), methods=[method]) for method, path, answer in ROUTES]
    return Starlette(routes=routes, exception_handlers={HTTPException: _unrouted})


async def _answered(answer: Answer, registry: Registry, request: Request) -> Response:
    try:
        return _said(request, await answer(request, registry))
    except RegistryError as error:
        return _said(request, {"error_code": error.code, "message": error.message}, error.status)
    except Unavailable:
        return _said(request, {"error_code": _BACKEND, "message": "Error in the backend data store"}, HTTPStatus.SERVICE_UNAVAILABLE)
    except DatabusError as error:
        return _said(request, {"error_code": error.status, "message": error.detail}, error.status)


async def _unrouted(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"HTTP {error.status_code} {HTTPStatus(error.status_code).phrase}"
    return _said(request, {"error_code": error.status_code, "message": message}, error.status_code)


def _said(request: Request, value: Any, status: int = HTTPStatus.OK) -> Response:
    kind = _accepted(request.headers.get("accept", "*/*"))
    if kind is None:
        kind, value, status = MEDIA_TYPES[0], {"error_code": 406, "message": "HTTP 406 Not Acceptable"}, HTTPStatus.NOT_ACCEPTABLE
    body = value.encode() if isinstance(value, Text) else orjson.dumps(value)
    return Response(body, status_code=status, media_type=kind, headers={"Vary": "Accept"})


def _accepted(header: str) -> str | None:
    for part in header[:1000].split(","):
        wanted = part.partition(";")[0].strip().lower()
        if wanted in MEDIA_TYPES:
            return wanted
        if wanted in _ANY:
            return MEDIA_TYPES[0]
    return None
