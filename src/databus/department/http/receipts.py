"""`POST /v1/departments/{department}/receipts`: a receipt for what a publisher has written to its inbox itself.

A publisher names the places the broker gave it and the hash of what it sent there. The intake reads what lies there and
signs only if it is that: so a receipt says the same whichever road the submissions took, and only the intake holds the key.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from databus.bus.lookup import Places
from databus.bus.topics import inbox
from databus.contract.codec import Codec
from databus.department.http import examples, strict
from databus.department.http.intake import Intake, own
from databus.department.receipt import Listed, digest
from databus.department.submission import SUBMISSION_ID
from databus.errors import Malformed, TooLarge, Unprocessable
from databus.model.chunk import Record
from databus.web.bodies import body_of, media_type

MOST = 10_000
"""Submissions of one receipt."""
SPAN = 50_000
"""How far apart the places of one partition may lie."""
BODY_BYTES = 4 * 1024 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LAST_PARTITION, _LAST_OFFSET = 1_000, 2**62

Reader = Callable[[str, Places], Awaitable[Mapping[tuple[int, int], Record]]]
"""Reads records of a topic by their places; see `bus.lookup.read_many`."""
Department = Annotated[str, Path(description="Slug of your department.", examples=["emergency"])]


def router(intake: Intake, reader: Reader) -> APIRouter:
    """The route; for clients of that department."""
    routes = APIRouter(tags=["receipts"])
    reading = asyncio.Semaphore(2)

    @routes.post(
        "/v1/departments/{department}/receipts",
        status_code=201,
        summary="A receipt for what you have written to your inbox",
        responses=examples.RECEIPT,
        openapi_extra={"x-problems": [401, 403, 408, 413, 415, 422, 429], "requestBody": examples.CLAIMS},
    )
    async def receipt(request: Request, department: Department) -> Response:
        """Prove what a Kafka client of yours has published: 1 to 10,000 submissions, each {"submission_id", "partition",
        "offset", "sha256"}, and if you like the hash of the file they came from (`source_sha256`).

        What lies at these places is read and compared. The answer is the receipt: keep it. The checker may not have judged
        them yet; a receipt says what was handed over, and when.
        """
        await own(intake, request, department)
        media_type(request, ("application/json",))
        with intake.room.of(department):
            value = await asyncio.to_thread(strict.parse, await body_of(request, limit=BODY_BYTES))
            claimed, source = claims_of(value)
            async with reading:
                found = await reader(inbox(department), _places(claimed))
            listed = [_proved(one, found, intake.codec) for one in claimed]
        told = intake.sign(listed, department=department, source_sha256=source)
        return Response(orjson.dumps(told), status_code=201, media_type="application/json", headers={"Cache-Control": "no-store"})

    return routes


def claims_of(value: Any) -> tuple[list[Listed], str]:
    """What a publisher says it has written (without times), and the hash of its source.

    Raises:
        Malformed: it has another shape, or names a place twice. TooLarge: too many, or places too far apart.
    """
    rows = value.get("submissions") if isinstance(value, dict) else None
    if not isinstance(rows, list) or not rows or value.keys() - {"submissions", "source_sha256"}:
        raise Malformed('Send {"submissions": [{"submission_id", "partition", "offset", "sha256"}], "source_sha256"}.', reason="shape")
    if len(rows) > MOST:
        raise TooLarge(f"A receipt is for {MOST} submissions at most.", limit=MOST)
    source = value.get("source_sha256") or ""
    if source and not (isinstance(source, str) and _SHA256.fullmatch(source)):
        raise Malformed("source_sha256 is a SHA-256 in hexadecimal.", member="source_sha256")
    claimed = [_claim(number, row) for number, row in enumerate(rows, start=1)]
    places = _places(claimed)
    if sum(map(len, places.values())) != len(claimed):
        raise Malformed("A place is named twice.", member="submissions")
    if any(max(offsets) - min(offsets) > SPAN for offsets in places.values()):
        raise TooLarge(f"The places of one partition may lie {SPAN} offsets apart; ask for several receipts.", limit=SPAN)
    return claimed, source


def _claim(number: int, row: Any) -> Listed:
    names = ("submission_id", "partition", "offset", "sha256")
    if not isinstance(row, dict) or row.keys() != set(names):
        raise Malformed(f"Submission {number} has the members {', '.join(names)}.", item=number)
    partition, offset = (_number(row[name], most) for name, most in (("partition", _LAST_PARTITION), ("offset", _LAST_OFFSET)))
    identity, sha256 = row["submission_id"], row["sha256"]
    good = isinstance(identity, str) and 0 < len(identity) <= 64 and isinstance(sha256, str) and _SHA256.fullmatch(sha256)
    if partition is None or offset is None or not good:
        raise Malformed(f"Submission {number} is not such as a publisher is told by the bus.", item=number)
    return Listed(partition, offset, 0, str(identity), str(sha256))


def _number(value: Any, most: int) -> int | None:
    return int(value) if isinstance(value, strict.Numeral) and value.isdigit() and int(value) <= most else None


def _places(claimed: Sequence[Listed]) -> dict[int, set[int]]:
    places: dict[int, set[int]] = {}
    for one in claimed:
        places.setdefault(one.partition, set()).add(one.offset)
    return places


def _proved(claimed: Listed, found: Mapping[tuple[int, int], Record], codec: Codec) -> Listed:
    record = found.get((claimed.partition, claimed.offset))
    where = f"partition {claimed.partition}, offset {claimed.offset}"
    if record is None:
        raise _refused(claimed, f"at {where} lies nothing: it was never committed, or is kept no longer")
    if digest(record.key, record.value, record.headers) != claimed.sha256:
        raise _refused(claimed, f"what lies at {where} has another hash")
    if _identity(record, codec) != claimed.submission_id:
        raise _refused(claimed, f"what lies at {where} has another id")
    return Listed(claimed.partition, claimed.offset, record.timestamp, claimed.submission_id, claimed.sha256)


def _identity(record: Record, codec: Codec) -> str:
    told = dict(record.headers).get(SUBMISSION_ID)
    if told is not None:
        return told.decode("utf-8", "replace")
    try:
        return str(codec.decode(record.value or b"")[1]["envelope"]["submission_id"])
    except (Malformed, LookupError, TypeError):
        return ""


def _refused(claimed: Listed, why: str) -> Unprocessable:
    return Unprocessable(f"There is no receipt for {claimed.submission_id}: {why}.", submission_id=claimed.submission_id)
