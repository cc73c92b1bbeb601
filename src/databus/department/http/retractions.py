"""`POST /v1/departments/{department}/retractions`: the stop button, which takes a batch back by its receipt."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from databus.bus.journal import Entry
from databus.bus.topics import inbox
from databus.contract.catalogue import Contract
from databus.department.http import examples
from databus.department.http.composing import sequence
from databus.department.http.delivery import listed
from databus.department.http.idempotency import fingerprint, key_of, microseconds, once
from databus.department.http.intake import Intake, own
from databus.department.http.receipts import Reader
from databus.department.http.restating import Past
from databus.department.http.undoing import Again, Undoing, proved
from databus.department.receipt import Listed, Statement
from databus.department.retraction import Left, Undo, Why, plan
from databus.department.submission import Submission
from databus.errors import Conflict, Malformed, NotAllowed, TooLarge
from databus.model import keys
from databus.store.batches import Batch
from databus.store.replies import Reply
from databus.web.bodies import body_of, media_type

BODY_BYTES = 4 * 1024 * 1024
MOST = 10_000
"""Submissions of one retraction."""
LEFT = "left_alone"
"""The list that says in words why something is left alone."""

DryRun = Annotated[bool, Query(description="Tell what would be done; send and store nothing.")]
Department = Annotated[str, Path(description="Slug of your department.", examples=["emergency"])]
Verify = Callable[[Any], Statement]
"""What a receipt of this intake proves; see `department.receipt.verify`."""


@dataclass(frozen=True)
class Retracting:
    """The ports of a retraction: the intake's own, the past, the proof, and the inbox to read."""

    intake: Intake
    past: Past
    verify: Verify
    reader: Reader

    async def __call__(self, department: str, document: Any, *, begun: int, dry_run: bool) -> Reply:
        """Take back what a receipt lists, as one batch with a receipt of its own.

        Raises:
            Malformed, Unprocessable: it is no receipt, or proves nothing. NotAllowed: it is another department's.
            Conflict: not all of it has been judged yet. BusUnavailable, StoreUnavailable: a part is away.
        """
        submissions = self._proved(department, document)
        batch = await self.past(department, [_event(department, one) for one in submissions])
        known = batch.told.keys() | batch.refused
        if pending := [one.submission_id for one in submissions if _event(department, one) not in known]:
            raise Conflict(f"{len(pending)} submissions of the batch are still on their way; retract it in a moment.", pending=len(pending))
        undone, left = plan(batch)
        made, gone = await self._made(department, undone, submissions, begun)
        told = _told(submissions, made, [*left, *gone], batch, self.intake.contract, department)
        if dry_run or not made:
            return Reply(200, "application/json", orjson.dumps({"dry_run": dry_run, **told}))
        sent = [one for _, one in made]
        places = await self.intake.inbox.append_all(inbox(department), [Entry(one.key, one.value, one.headers) for one in sent])
        source = hashlib.sha256(str(document["receipt"]).encode()).hexdigest()
        signed = self.intake.sign(listed(sent, places), department=department, source_sha256=source)
        return Reply(202, "application/json", orjson.dumps({"dry_run": False, **told, **signed}))

    def _proved(self, department: str, document: Any) -> list[Listed]:
        statement = self.verify(document)
        if (statement.department, statement.topic) != (department, inbox(department)):
            raise NotAllowed("This is the receipt of another department.", department=department)
        if statement.count > MOST:
            raise TooLarge(f"A retraction is for {MOST:,} submissions at most.", limit=MOST)
        return [Listed(**one) for one in document["submissions"]]

    async def _made(
        self, department: str, undone: Sequence[Undo], submissions: Sequence[Listed], begun: int
    ) -> tuple[list[tuple[Undo, Submission]], list[Left]]:
        """What is sent, and what can not be: neither the inbox nor the store holds what it was about as it was said."""
        lay = {_event(department, one): (one.partition, one.offset) for one in submissions}
        wanted: dict[int, set[int]] = {}
        for one in undone:
            for place in (lay[one.told.event_id], one.before.place if one.before is not None else None):
                if place is not None:
                    wanted.setdefault(place[0], set()).add(place[1])
        read = await self.reader(inbox(department), wanted) if wanted else {}
        work = Undoing(self.intake.contract, self.intake.codec, self.intake.secret(department), begun)

        def all_of_it() -> list[tuple[Undo, Submission | None]]:
            numbered = enumerate(undone, start=1)
            return [
                (one, work.submission(one, read.get(lay[one.told.event_id]), read, sequence(begun, number))) for number, one in numbered
            ]

        made = await asyncio.to_thread(all_of_it)
        sent = [(one, submission) for one, submission in made if submission is not None]
        lost = [(number, one) for number, (one, submission) in enumerate(made, start=1) if submission is None]
        again = await self._again(department, work, lost, begun) if lost else []
        known = {one.told.event_id for one, _ in again}
        gone = [Left(told, Why.GONE) for _, one in lost if one.told.event_id not in known for told in one.all]
        return [*sent, *again], gone

    async def _again(self, department: str, work: Undoing, lost: Sequence[tuple[int, Undo]], begun: int) -> list[tuple[Undo, Submission]]:
        """What can be made of the store's knowledge and is proved by the checks to be what was said."""

        def remade() -> list[Again]:
            return [made for number, one in lost if (made := work.again(one, sequence(begun, number))) is not None]

        found = await asyncio.to_thread(remade)
        seen = await self.intake.prove(department, [one.proof for one in found]) if found else ()
        return [(one.undo, one.submission) for one, told in zip(found, seen, strict=True) if proved(one, told)]


def router(retracting: Retracting) -> APIRouter:
    """The route; for clients of that department."""
    routes = APIRouter(tags=["publishing"])
    intake = retracting.intake
    described = {"x-problems": [401, 403, 408, 409, 413, 415, 422, 429], "requestBody": examples.RETRACTION}

    @routes.post("/v1/departments/{department}/retractions", status_code=202, summary="Take a batch back", openapi_extra=described)
    async def retract(request: Request, department: Department, dry_run: DryRun = False) -> Response:
        """Take back what a receipt lists: records it has created get a DELETE, changed ones a CORRECT back to what your
        source said before; ends are turned round. All of it is one batch with a receipt of its own.

        Records that have changed since, and others that cannot be taken back, are listed in `left` with the reason, untouched.
        With `dry_run` you are told what would be done. Repeated, it finds nothing left to do.
        """
        await own(intake, request, department)
        media_type(request, ("application/json",))
        key = key_of(request.headers)
        with intake.room.of(department):
            body = await body_of(request, limit=BODY_BYTES)
            document = parsed(body)

            async def work(begun: int, _: tuple[str | int, ...]) -> Reply:
                return await retracting(department, document, begun=begun, dry_run=dry_run)

            if dry_run:
                told = await work(microseconds(intake.clock()), ())
                return Response(told.body, status_code=told.status, media_type=told.media_type, headers={"Cache-Control": "no-store"})
            return await once(intake, department, key, fingerprint(request.headers, body), work)

    return routes


def parsed(body: bytes) -> Any:
    """A receipt as it is kept: one JSON document.

    Raises:
        Malformed: it is none.
    """
    try:
        document = orjson.loads(body)
    except ValueError:
        raise Malformed("This is no receipt: it is not JSON.") from None
    if not isinstance(document, dict):
        raise Malformed("This is no receipt: it has the members receipt and submissions.")
    # The answer to a publishing request holds more than the receipt in it.
    return {name: document[name] for name in ("receipt", "submissions") if name in document}


def _event(department: str, one: Listed) -> str:
    return keys.event_id(inbox(department), one.partition, one.offset)


def _told(
    submissions: Sequence[Listed],
    made: Sequence[tuple[Undo, Submission]],
    left: Sequence[Left],
    batch: Batch,
    contract: Contract,
    department: str,
) -> dict[str, Any]:
    results = [
        {"submission_id": told.submission_id, "record_type": told.of[1], "op": one.op.value, "by": submission.submission_id}
        for one, submission in made
        for told in one.all
    ]
    alone = [_left(one.told.submission_id, one.told.of[1], one.why, contract) for one in left]
    refused = [_left(one.submission_id, "", Why.REFUSED, contract) for one in submissions if _event(department, one) in batch.refused]
    counts = {name: sum(one.op.value == name for one, _ in made) for name in ("DELETE", "CORRECT", "REVOKE", "REPAIR")}
    return {"retracted": len(made), "counts": counts, "results": results, "left": [*alone, *refused]}


def _left(submission_id: str, record_type: str, why: Why, contract: Contract) -> dict[str, Any]:
    words = {language: contract.codes.label(LEFT, why.value, language) for language in ("zh", "en")}
    return {"submission_id": submission_id, "record_type": record_type, "why": why.value, "message": words}
