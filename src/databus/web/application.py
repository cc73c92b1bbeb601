"""A FastAPI application as all our processes with pages or an API serve it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from databus.errors import NotFound
from databus.web import problems
from databus.web.headers import Envelope
from databus.web.pages import Pages
from databus.web.reference import operations

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_STATIC = Path(__file__).parent / "static"
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "examples": ["/problems/malformed"]},
        "title": {"type": "string", "examples": ["The request cannot be understood"]},
        "status": {"type": "integer", "examples": [400]},
        "detail": {"type": "string", "examples": ["limit is a whole number from 1 to 1000."]},
    },
}


def application(
    routers: Iterable[APIRouter],
    *,
    pages: Pages,
    title: str,
    version: str,
    summary: str,
    lifespan: Lifespan | None = None,
    within: Sequence[Middleware] = (),
) -> FastAPI:
    """The routers with problems, headers, static files, `/openapi.json`, `/docs` and a page per problem.

    `within` stands between the headers and the routes.
    """

    async def failure(request: Request) -> Response:
        return await problems.unexpected(request, pages)

    app = FastAPI(
        title=title,
        version=version,
        summary=summary,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        middleware=[Middleware(Envelope, failure=failure), *within],
    )
    problems.install(app, pages)
    for router in routers:
        app.include_router(router)
    app.include_router(_reference(app, pages))
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    described = describe(app)
    app.openapi = described  # type: ignore[method-assign]
    return app


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """OpenAPI 3.1 of an application, with problems instead of the framework's own errors."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            text = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            for path in text.get("paths", {}).values():
                for operation in path.values():
                    _with_problems(operation)
            schemas = text.setdefault("components", {}).setdefault("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            schemas["Problem"] = _PROBLEM
            app.openapi_schema = text
        return app.openapi_schema

    return openapi


def _with_problems(operation: dict[str, Any]) -> None:
    responses = operation.setdefault("responses", {})
    responses.pop("422", None)
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in (*operation.pop("x-problems", ()), HTTPStatus.BAD_REQUEST, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        responses.setdefault(str(int(status)), {"description": HTTPStatus(status).phrase, "content": content})


def _reference(app: FastAPI, pages: Pages) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        told = {"operations": operations(app.openapi()), "title": app.title, "version": app.version}
        return pages.answer(request, "docs.html", told)

    @router.get("/problems")
    async def all_problems(request: Request) -> Response:
        return pages.answer(request, "problems.html", {"codes": problems.codes()})

    @router.get("/problems/{code}")
    async def one_problem(request: Request, code: str) -> Response:
        if code not in problems.codes():
            raise NotFound("There is no problem of this name; /problems lists them all.")
        return pages.answer(request, "problem.html", {"code": code, "status": None, "request_id": ""})

    return router
