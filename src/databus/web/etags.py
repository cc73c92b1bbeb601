"""Strong validators of what was disclosed, and the short answer to who has it already (RFC 9110, 8.8 and 13)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

JSON = "application/json"


def etag(body: bytes) -> str:
    """A strong entity tag: the hash of the body as it leaves, so that it tells nothing of what was withheld."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def matches(header: str, tag: str) -> bool:
    """True if an `If-None-Match` header names this tag (weak comparison, as section 13.1.2 asks)."""
    return header.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in header.split(","))


def answer(
    request: Request, body: bytes, *, media_type: str = JSON, headers: Mapping[str, str] | None = None, tag: str | None = None
) -> Response:
    """The body with its tag, or 304 if the caller holds this very body; `tag` where it is not that of the bytes."""
    tag = tag or etag(body)
    extra = {"ETag": tag, "Vary": "Accept, Authorization", "Cache-Control": "no-cache", **(headers or {})}
    if matches(request.headers.get("if-none-match", ""), tag.removeprefix("W/")):
        return Response(status_code=304, headers=extra)
    return Response(body, media_type=media_type, headers=extra)


def json_answer(request: Request, value: Any, *, headers: Mapping[str, str] | None = None, cursor: str | None = None) -> Response:
    """The same for a value that becomes JSON. A member named by `cursor`, where it has a value, is another text each time: the
    tag is a weak one of all the rest."""
    if cursor is None or value[cursor] is None:
        return answer(request, orjson.dumps(value), headers=headers)
    rest = {name: one for name, one in value.items() if name != cursor}
    return answer(request, orjson.dumps(value), headers=headers, tag=f"W/{etag(orjson.dumps(rest))}")
