"""Forms of our pages: read by hand, bounded, each field once."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from databus.errors import Malformed
from databus.web.bodies import body_of, media_type

KIND = "application/x-www-form-urlencoded"
FORM_BYTES = 256 * 1024
_FIELDS = 1000


async def form_of(request: Request, *, limit: int = FORM_BYTES) -> Mapping[str, str]:
    """The fields of a form. Line ends come as browsers send them (CR LF) and are given as LF.

    Raises:
        UnsupportedMedia: it is no form. TooLarge, TooSlow: as `body_of`.
        Malformed: it cannot be read, or names a field twice.
    """
    media_type(request, (KIND,))
    body = await body_of(request, limit=limit)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict", max_num_fields=_FIELDS)
    except ValueError as error:
        raise Malformed("The form cannot be read.") from error
    found = {name: value.replace("\r\n", "\n") for name, value in pairs}
    if len(found) != len(pairs):
        raise Malformed("A field of the form is given twice.")
    return found
