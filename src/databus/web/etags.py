"""Validators of what was disclosed, and the short answer to who has it already (RFC 9110, 8.8 and 13)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

JSON = "application/json"
Fresh = tuple[str, str]
"""A text of the body that is another one each time, and what stands for it in the validator."""


def etag(body: bytes) -> str:
    """A strong entity tag: the hash of the body as it leaves, so that it tells nothing of what was withheld."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def weak_etag(body: bytes, fresh: Fresh) -> str:
    """A weak tag of a body one text of which differs each time and means the same."""
    return "W/" + etag(body.replace(fresh[0].encode(), fresh[1].encode()))


def matches(header: str, tag: str) -> bool:
    """True if an `If-None-Match` header names this tag (weak comparison, as section 13.1.2 asks)."""
    return header.strip() == "*" or tag.removeprefix("W/") in (part.strip().removeprefix("W/") for part in header.split(","))


def answer(
    request: Request, body: bytes, *, media_type: str = JSON, headers: Mapping[str, str] | None = None, fresh: Fresh | None = None
) -> Response:
    """The body with its tag, or 304 if the caller holds it already; `fresh` is the cursor in it, if there is one."""
    tag = weak_etag(body, fresh) if fresh else etag(body)
    extra = {"ETag": tag, "Vary": "Accept, Authorization", "Cache-Control": "no-cache", **(headers or {})}
    if matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=extra)
    return Response(body, media_type=media_type, headers=extra)


def json_answer(request: Request, value: Any, *, headers: Mapping[str, str] | None = None, fresh: Fresh | None = None) -> Response:
    """The same for a value that becomes JSON."""
    return answer(request, orjson.dumps(value), headers=headers, fresh=fresh)
