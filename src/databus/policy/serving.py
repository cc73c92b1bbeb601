"""Serving the bundle to OPA: strong ETag, and long polling, so that a new revision is in force within a moment."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from databus.errors import NotFound, Unauthenticated

BUNDLE_PATH = "/bundles/databus.tar.gz"
MEDIA_TYPE = "application/vnd.openpolicyagent.bundles"

_LONGEST_WAIT = 30.0
_LOOK_EVERY = 0.05
# After so many looks the caller's connection is looked at too.
_LOOKS = 20
_WAIT = re.compile(r"(?:^|[;,])\s*wait=(\d{1,4})\s*(?:$|[;,])")


def router(path: Path, *, token: str = "", resource: str = BUNDLE_PATH, stop: asyncio.Event | None = None) -> APIRouter:
    """`GET resource` gives the bundle at `path`; with `Prefer: wait=n` and a current ETag it holds until there is another.

    Where `token` is given, the caller must present it as a bearer token. `stop` ends every wait: the process is leaving.
    """
    routes = APIRouter()

    @routes.get(resource, include_in_schema=False)
    async def bundle(request: Request) -> Response:
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token and not hmac.compare_digest(shown.encode(), token.encode()):
            raise Unauthenticated("the bundle is for this machine's OPA only")
        held = request.headers.get("if-none-match", "")
        end = time.monotonic() + _wait(request.headers.get("prefer", ""))
        while True:
            etag, body = _read(path)
            if etag != held:
                return Response(body, media_type=MEDIA_TYPE, headers={"ETag": etag, "Cache-Control": "no-store"})
            if time.monotonic() >= end or _leaving(stop) or await request.is_disconnected():
                return Response(status_code=304, headers={"ETag": etag, "Content-Type": MEDIA_TYPE})
            await _changed(path, end, stop)

    return routes


def _leaving(stop: asyncio.Event | None) -> bool:
    return stop is not None and stop.is_set()


async def _changed(path: Path, end: float, stop: asyncio.Event | None) -> None:
    began = _state(path)
    for _ in range(_LOOKS):
        if _state(path) != began or time.monotonic() >= end or _leaving(stop):
            return
        await asyncio.sleep(_LOOK_EVERY)


def _state(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_ino)


def _read(path: Path) -> tuple[str, bytes]:
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        raise NotFound("there is no bundle yet; the registrar builds it") from None
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"', body


def _wait(prefer: str) -> float:
    found = _WAIT.search(prefer)
    return min(float(found[1]), _LONGEST_WAIT) if found else 0.0
