"""Reading a request's body: within its size, within its time, as it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from starlette.requests import ClientDisconnect, Request

from databus.errors import Malformed, TooLarge, TooSlow, UnsupportedMedia

SECONDS = 30.0
"""How long a body may take to arrive."""
_LONGEST_TYPE = 256


async def body_of(request: Request, *, limit: int, seconds: float = SECONDS) -> bytes:
    """The body, of `limit` bytes at most.

    Raises:
        UnsupportedMedia: it is compressed. TooLarge: it is, or says that it is, longer. TooSlow: it is not here in time.
        Malformed: its length is no number, or the connection ended before it did.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMedia("A body is read as it is: send it without Content-Encoding.", accepted=["identity"])
    told = request.headers.get("content-length", "0")
    if not (told.isascii() and told.isdigit()):
        raise Malformed("Content-Length is a whole number.", header="content-length")
    if len(told) > 12 or int(told) > limit:
        raise _too_large(limit)
    found = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                found += part
                if len(found) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise TooSlow(f"The body must arrive within {seconds:.0f} seconds.", seconds=seconds) from None
    except ClientDisconnect:
        raise Malformed("The connection ended before the body did.") from None
    return bytes(found)


def media_type(request: Request, accepted: Collection[str]) -> str:
    """The content type of the body without its parameters, one of `accepted`.

    Raises:
        UnsupportedMedia: another one, none, or a charset other than UTF-8.
    """
    told = request.headers.getlist("content-type")
    kind, _, parameters = (told[0] if len(told) == 1 else "").partition(";")
    kind = kind.strip().lower()
    if len(told) != 1 or len(told[0]) > _LONGEST_TYPE or kind not in accepted:
        raise UnsupportedMedia(f"Send one of {', '.join(accepted)}.", accepted=list(accepted))
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMedia("Send it as UTF-8.", accepted=[f"{kind}; charset=utf-8"])
    return kind


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body may have {limit:,} bytes; send it in parts.", limit=limit)
