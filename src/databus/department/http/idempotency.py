"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): a request that is repeated has one effect and one answer."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response

from databus.department.http.intake import Intake
from databus.errors import Malformed, StoreUnavailable
from databus.store.replies import Reply

HEADER, REPLAYED = "idempotency-key", "Idempotency-Replayed"
LONGEST = 255

_PLAIN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"')
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
log = logging.getLogger(__name__)

Work = Callable[[int, tuple[str | int, ...]], Awaitable[Reply]]
"""The work itself: from the instant at which its first try began (microseconds since 1970) and what ids are made of to the reply."""


def key_of(headers: Headers) -> str:
    """The key of a request, empty without one: a quoted string as the draft has it, or the bare word most clients send.

    Raises:
        Malformed: given twice, too long, or with other signs than visible ASCII.
    """
    told = headers.getlist(HEADER)
    if not told:
        return ""
    text = told[0].strip()
    quoted = _QUOTED.fullmatch(text)
    if len(told) > 1 or len(text) > LONGEST or not (quoted or _PLAIN.fullmatch(text)):
        raise Malformed(f'Idempotency-Key is one quoted text of at most {LONGEST} visible signs, such as "2026-09-03-1".', header=HEADER)
    return re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text


def fingerprint(headers: Headers, body: bytes) -> bytes:
    """What makes a request another one: its content type, the attributes of a CloudEvent in its headers, its body."""
    told = sorted((name, text) for name, text in headers.items() if name == "content-type" or name.startswith("ce-"))
    made = hashlib.sha256()
    for part in (*(part for pair in told for part in pair), hashlib.sha256(body).hexdigest()):
        made.update(len(part).to_bytes(4, "big") + part.encode("utf-8", "surrogateescape"))
    return made.digest()


async def once(intake: Intake, department: str, key: str, mark: bytes, work: Work) -> Response:
    """Do the work, or give the answer it has had already. Without a key nothing is kept.

    Raises:
        Conflict: the same request is under way. Unprocessable: another one had this key.
        StoreUnavailable: nobody can tell; and whatever the work raises: it may be tried again then.
    """
    now = intake.clock()
    begun = microseconds(now)
    if not key:
        return _response(await work(begun, (int(now.timestamp()), mark.hex())))
    turn = await intake.replies.begin(department, key, fingerprint=mark, begun=begun, now=now)
    if isinstance(turn, Reply):
        return _response(turn, {REPLAYED: "true"})
    try:
        answer = await work(turn.begun, (key, mark.hex()))
    except BaseException:
        await _settled(intake.replies.release(department, key, turn))
        raise
    await _settled(intake.replies.keep(department, key, turn, answer))
    return _response(answer)


def microseconds(instant: datetime) -> int:
    """An instant in microseconds since 1970."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


async def _settled(done: Awaitable[None]) -> None:
    # What was published is published: a repeat derives the same ids, and the answer at hand is the right one.
    try:
        await done
    except StoreUnavailable as error:
        log.warning("an answer could not be kept for repeats", extra={"cause": error.detail})


def _response(answer: Reply, headers: dict[str, str] | None = None) -> Response:
    told: dict[str, Any] = {"Cache-Control": "no-store", **(headers or {})}
    return Response(answer.body, status_code=answer.status, media_type=answer.media_type, headers=told)
