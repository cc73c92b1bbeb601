"""A steward lets a held submission pass: the word is signed and recorded before the sealed original is published again.

`POST /v1/departments/{department}/findings/{finding_id}/waivers`, the desk and the command all come here.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path
from joserfc.jwk import ECKey
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from databus.access.callers import require_department
from databus.bus.journal import Entry
from databus.bus.topics import quarantine
from databus.errors import Gone, NotAllowed, NotFound
from databus.model.chunk import Headers
from databus.model.disclosure import Caller, DecisionRecord, Role
from databus.model.finding import Tracked
from databus.ports import Clock
from databus.quality import waivers
from databus.quality.originals import Keyed
from databus.quality.quarantine import open_sealed
from databus.quality.submission import SUBMISSION_ID, WAIVER
from databus.quality.waivers import Waiver
from databus.store.findings import Story
from databus.web.headers import request_id

ACTION, REASON = "findings.waive", "OK_STEWARD"
"""What the trail calls it, and the reason policy knows for it."""

Department = Annotated[str, Path(description="Slug of the department.", examples=["emergency"])]
FindingId = Annotated[str, Path(description="Id of a finding that holds a submission.")]


@dataclass(frozen=True)
class Waiving:
    """`story` finds a finding, `keyed` a sealed original, `record` makes decisions durable, `publish` puts an entry into a
    department's inbox; `key` signs waivers, `quarantine_key` opens originals."""

    story: Callable[[str, str], Awaitable[Story | None]]
    keyed: Keyed
    record: Callable[[Sequence[DecisionRecord]], Awaitable[None]]
    publish: Callable[[str, Entry], Awaitable[object]]
    key: ECKey
    quarantine_key: bytes
    clock: Clock

    async def __call__(self, department: str, finding_id: str, *, by: Caller, reason: str, request: str) -> Waiver:
        """Let all that holds the finding's submission pass.

        Raises:
            NotAllowed: no steward asks. NotFound: there is no such finding. Gone: the original is no longer there.
            Malformed, Conflict: see `waivers.waive`. AuditUnavailable: it could not be recorded, and nothing was published.
            BusUnavailable: the original is not known to be published; it may be done again.
        """
        if by.role is not Role.STEWARD:
            raise NotAllowed("Only a steward lets pass what is held.")
        story = await self.story(department, finding_id)
        if story is None:
            raise NotFound("The department has no finding of this id.")
        finding, found = story.tracked.finding, (story.tracked, *story.beside)
        name = finding.event_id.encode()
        record = (await self.keyed(quarantine(department), [name])).get(name)
        if record is None or record.value is None:
            raise Gone("The original is no longer in quarantine (30 days); it must be published anew.", event_id=finding.event_id)
        original = open_sealed(record.value, key=self.quarantine_key)
        at = int(self.clock().timestamp() * 1000)
        waiver = waivers.waive(found, key=original.key, value=original.value, by=by.name, reason=reason, now=at)
        await self.record([_decision(found, by, at, request)])
        headers: Headers = (
            (SUBMISSION_ID, finding.submission_id.encode()),
            (WAIVER, waivers.sign(waiver, self.key).encode()),
        )
        await self.publish(department, Entry(original.key or None, original.value, headers))
        return waiver


def _decision(found: Sequence[Tracked], by: Caller, at: int, request: str) -> DecisionRecord:
    """Who let what pass; the words themselves travel in the waiver."""
    records = tuple(dict.fromkeys(one.finding.record_key for one in found if one.finding.record_key))
    return DecisionRecord(
        decision_id=str(uuid.uuid4()), at=at, request_id=request, caller=by.name, role=by.role.value, organisation=by.organisation,
        purpose="", relation="none", permit_id="", action=ACTION, subject_key="", outcome="ALLOW", reasons=(REASON,), records=records,
        disclosed={}, withheld={}, plan_id="", revision="",
    )  # fmt: skip


class Said(BaseModel):
    """Why it may pass."""

    model_config = ConfigDict(extra="forbid", str_max_length=4000)

    reason: str = Field(description="Why this may pass, 4 to 500 characters.", examples=["经核对原件，金额无误"])


def router(waiving: Waiving, callers: Callable[[Request], Awaitable[Caller]]) -> APIRouter:
    """The route; for stewards."""
    routes = APIRouter(tags=["findings"])

    @routes.post(
        "/v1/departments/{department}/findings/{finding_id}/waivers",
        summary="Let a held submission pass",
        status_code=202,
        openapi_extra={"x-problems": [401, 403, 404, 409, 410]},
    )
    async def waive(request: Request, department: Department, finding_id: FindingId, said: Said) -> Response:
        """For stewards: the sealed original is published again with a signed waiver of all that holds it, good for these very
        bytes and for seven days. Recorded in the trail before it is published."""
        caller = await callers(request)
        require_department(caller, department, answers=True)
        waiver = await waiving(department, finding_id, by=caller, reason=said.reason, request=request_id(request))
        told: dict[str, Any] = {name: getattr(waiver, name) for name in ("waived", "findings", "by", "until")}
        told["finding_id"] = finding_id
        return JSONResponse(told, status_code=202, headers={"Cache-Control": "private, no-store"})

    return routes
