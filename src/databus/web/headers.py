"""What every answer carries: the request's id and the security headers; and what nobody gets to see: a traceback.

A plain ASGI wrapper, outermost, because an error answered further in would leave without these headers.
"""

from __future__ import annotations

import logging
import re
import traceback
import uuid
from collections.abc import Awaitable, Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "Databus-Request-Id"
SECURITY = {
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_log = logging.getLogger("databus.web")

Failure = Callable[[Request], Awaitable[Response]]


def request_id(request: Request) -> str:
    """The id of this request: the caller's own if it sent a plain one, else ours."""
    return str(request.scope.get("state", {}).get("request_id", ""))


class Envelope:
    """ASGI middleware: id in and out, security headers, and `failure` answers what no handler knew."""

    def __init__(self, app: ASGIApp, failure: Failure) -> None:
        self.app = app
        self.failure = failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        told = request.headers.get(REQUEST_ID, "")
        identity = told if _ID.fullmatch(told) else str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = identity
        answer = _Answer(send, identity, str(scope["method"]))
        if answer.method == "HEAD":
            scope["method"] = "GET"
        try:
            await self.app(scope, answer.listening(receive), answer.send)
        except Exception as error:
            if answer.started:
                raise OSError("the answer could not be finished") from error
            report(error, identity)
            await (await self.failure(request))(scope, receive, answer.send)


class _Answer:
    """One answer on its way out: dressed with headers, without a body for HEAD, an `Allow` for OPTIONS."""

    def __init__(self, send: Send, identity: str, method: str) -> None:
        self._send = send
        self._identity = identity
        self.method = method
        self.started = False
        self._bodiless = method == "HEAD"

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self.started = True
            await self._send(self._dressed(message))
            if self._bodiless:
                await self._send({"type": "http.response.body", "body": b""})
        elif not self._bodiless:
            await self._send(message)

    def listening(self, receive: Receive) -> Receive:
        """What the application hears: once a HEAD is answered, that the reader has gone, so that a stream ends."""

        async def heard() -> Message:
            return {"type": "http.disconnect"} if self._bodiless and self.started else await receive()

        return heard

    def _dressed(self, message: Message) -> Message:
        headers = MutableHeaders(scope=message)
        if self.method == "OPTIONS" and message["status"] == 405:
            methods = {"OPTIONS", *(part.strip() for part in headers.get("allow", "").split(","))} - {""}
            message = {"type": "http.response.start", "status": 204, "headers": []}
            headers = MutableHeaders(scope=message)
            headers["Allow"] = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
            self._bodiless = True
        headers[REQUEST_ID] = self._identity
        for name, value in SECURITY.items():
            headers.setdefault(name, value)
        return message


def report(error: Exception, identity: str) -> None:
    """Logs where an error came from; never its message, which may quote a value."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)[-8:]]
    _log.error("unexpected %s", type(error).__name__, extra={"request_id": identity, "frames": frames})
