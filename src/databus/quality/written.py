"""What the checker writes: events, findings, sealed originals. Every id in them comes from the submission's place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from databus.bus.topics import EVENTS, FINDINGS, quarantine
from databus.contract import wire
from databus.model import keys
from databus.model.chunk import Headers, Output
from databus.model.event import Event
from databus.model.finding import Answer, Finding, FindingStatus
from databus.quality.content import Failure
from databus.quality.desk import Desk
from databus.quality.findings import Known, finding
from databus.quality.quarantine import sealed
from databus.quality.submission import EVENT_ID, RULE, Submission, uuid_or_nothing
from databus.quality.waivers import Waiver


def accepted(submission: Submission, event: Event, desk: Desk) -> Output:
    """The event, keyed so that only a repeat of this very check collapses with it, beside all others of its subject."""
    key = keys.pack(event.subject_key, event.record_key, event.event_id)
    return Output(EVENTS, key, wire.encode_event(desk.codec, event), submission.passed_on, event.subject_key.encode())


def told(submission: Submission, found: Iterable[Finding], desk: Desk) -> list[Output]:
    """The findings, each to its department."""
    return [_told(one, submission.passed_on, desk) for one in found]


def _told(one: Finding, headers: Headers, desk: Desk) -> Output:
    return Output(FINDINGS, one.department.encode(), wire.encode_finding(desk.codec, one), headers)


def fixed(submission: Submission, event: Event, desk: Desk, waiver: Waiver | None) -> list[Output]:
    """The answers to the findings an accepted submission says it fixes, and to those a steward has waived."""
    waived = dict.fromkeys(waiver.findings if waiver is not None else ())
    return [
        _fixed(submission, name, event, desk, waiver if name in waived else None) for name in dict.fromkeys((*waived, *submission.fixes))
    ]


def _fixed(submission: Submission, finding_id: str, event: Event, desk: Desk, waiver: Waiver | None) -> Output:
    answer = Answer(
        finding_id,
        submission.department,
        FindingStatus.FIXED,
        by=submission.department if waiver is None else waiver.by,
        at=submission.known_at,
        reason="" if waiver is None else waiver.reason,
        record_type=event.record_type,
        event_id=event.event_id,
        submission_id=event.submission_id,
    )
    return Output(FINDINGS, submission.department.encode(), wire.encode_answer(desk.codec, answer), submission.passed_on)


def refused(submission: Submission, found: Sequence[Finding], desk: Desk) -> list[Output]:
    """The findings, and the original sealed for officers."""
    rules = ",".join(sorted({one.rule for one in found}))
    headers = (*submission.passed_on, (EVENT_ID, submission.event_id.encode()), (RULE, rules.encode()))
    original = sealed(desk.seal, submission.place, key=submission.key, value=submission.value)
    return [*told(submission, found, desk), Output(quarantine(submission.department), submission.event_id.encode(), original, headers)]


def forgotten(submission: Submission, level: str, envelope: Mapping[str, Any] | None, desk: Desk) -> list[Output]:
    """Of a state secret: who sent it, when, and that it was refused; of its envelope only ids that can hold nothing else."""
    entry = desk.contract.entries.get(envelope["catalog_code"]) if envelope is not None else None
    known = Known(
        submission_id=uuid_or_nothing(envelope["submission_id"]) if envelope is not None else "",
        catalog_code=entry.code if entry is not None else "",
        record_type=entry.record_type if entry is not None else "",
    )
    failure = Failure("DQ-SEC-01", "envelope.secrecy", level, expected="NONE | WORK_SECRET")
    return [_told(finding(submission, known, failure, desk.contract), (), desk)]
