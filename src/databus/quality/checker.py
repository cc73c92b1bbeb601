"""The processor of stage 3: a chunk of an inbox in, events, findings and sealed originals out.

A pure function of the chunk and the contract in force. It asks no clock: a submission's time is the broker's append time,
and every id is derived from the place in the inbox, so that a repeat writes the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from joserfc.jwk import ECKey

from databus.contract.catalogue import Contract, RecordType
from databus.contract.codec import Codec
from databus.errors import Malformed, Undecodable, UnknownSchema
from databus.model.chunk import Outcome, Output, Processor, Record, State
from databus.model.event import Event
from databus.model.finding import Finding, Verdict
from databus.model.labels import Secrecy
from databus.quality import links, normalise, waivers, written
from databus.quality.acceptance import event_of
from databus.quality.content import Content, Failure, content_of
from databus.quality.desk import Desk, desk_of
from databus.quality.findings import Known, finding, stops, told_too
from databus.quality.identity import Subject, key_failures, record_key, subject_of
from databus.quality.rules import failures
from databus.quality.secrecy import refused
from databus.quality.submission import SECRECY, Submission, submission_of
from databus.quality.waivers import Waiver

Decoded = Mapping[str, Any]
_LOT = 100
"""So many submissions take a step before any takes the next: code that has just run runs faster, by a third of all of it."""


@dataclass(slots=True)
class _Case:
    """A submission on its way through the steps. `written` is what came of it, None until that is settled; `secret` the level of
    a state secret."""

    submission: Submission
    written: Sequence[Output] | None = None
    secret: str = ""
    record_type: RecordType = field(init=False)
    decoded: Decoded = field(init=False)
    content: Content = field(init=False)
    subject: Subject = field(init=False)
    key: str = field(init=False)
    failed: list[Failure] = field(init=False)
    found: list[Finding] = field(init=False)
    waiver: Waiver | None = None
    events: Sequence[Event] = ()


def processor(
    contract: Contract, codec: Codec, *, platform_key: bytes, quarantine_key: bytes, told_time: bool, waiver_key: ECKey | None = None
) -> Processor:
    """The checker over one contract; topics are bare names on both sides. `waiver_key` is the public half of the stewards'.

    Raises:
        BadContract: a type asks for a rule that no check of one submission answers.
        BadSettings: the quarantine key is shorter than 32 bytes.
    """
    desk = desk_of(contract, codec, platform_key=platform_key, quarantine_key=quarantine_key, waiver_key=waiver_key)
    return partial(_process, desk=desk, told_time=told_time)


def _process(chunk: Sequence[Record], state: State, *, desk: Desk, told_time: bool) -> Outcome:
    outputs: list[Output] = []
    unreadable: list[tuple[str, int, int]] = []
    for at in range(0, len(chunk), _LOT):
        for case in _examined([_Case(submission_of(record, told_time=told_time)) for record in chunk[at : at + _LOT]], desk):
            outputs += case.written or ()
            if case.secret:
                place = case.submission.place
                unreadable.append((place.topic, place.partition, place.offset))
    return Outcome(outputs, {}, unreadable)


def _examined(cases: list[_Case], desk: Desk) -> list[_Case]:
    for step in (_open, _read, _name, _ask, _judge, _accept, _write):
        for case in cases:
            if case.written is None:
                step(case, desk)
    return cases


def _open(case: _Case, desk: Desk) -> None:
    """Decode it. What declares a state secret is forgotten, what cannot be read is sealed."""
    submission = case.submission
    if level := refused(submission.all(SECRECY)):
        return _forget(case, level, None, desk)
    try:
        full_name, case.decoded = desk.codec.decode(submission.value)
    except (Undecodable, UnknownSchema) as error:
        told = desk.envelope(submission.value)
        if told is not None and (level := refused([told["secrecy"]])):
            return _forget(case, level, told, desk)
        return _refuse_unread(case, _unreadable(error), desk)
    envelope = case.decoded.get("envelope")
    if isinstance(envelope, dict) and (level := refused([envelope["secrecy"]])):
        return _forget(case, level, envelope, desk)
    record_type = desk.contract.type_of(full_name)
    if record_type is None:
        return _refuse_unread(case, Failure("DQ-SRC-02", "", full_name, expected="a record type"), desk)
    case.record_type = record_type


def _forget(case: _Case, level: str, envelope: Mapping[str, Any] | None, desk: Desk) -> None:
    case.secret, case.written = level, written.forgotten(case.submission, level, envelope, desk)


def _unreadable(error: Malformed) -> Failure:
    rule = "DQ-FMT-02" if isinstance(error, UnknownSchema) else "DQ-FMT-01"
    return Failure(rule, "", str(error.facts.get("schema_id", "")), expected=error.detail)


def _refuse_unread(case: _Case, failure: Failure, desk: Desk) -> None:
    case.written = written.refused(case.submission, [finding(case.submission, Known(), failure, desk.contract)], desk)


def _read(case: _Case, desk: Desk) -> None:
    """Write its values alike, and see what they say of the whole."""
    submission, record_type = case.submission, case.record_type
    envelope = normalise.envelope(case.decoded["envelope"])
    asked = desk.questions(record_type.name, envelope["catalog_code"])
    if Secrecy.WORK_SECRET in (level.strip().upper() for level in submission.all(SECRECY)):
        envelope["secrecy"] = Secrecy.WORK_SECRET.value
    case.content = content_of(
        {"envelope": envelope, "payload": normalise.payload(case.decoded["payload"], asked.spellings)},
        record_type=record_type,
        contract=desk.contract,
        department=submission.department,
        received=submission.day,
    )


def _name(case: _Case, desk: Desk) -> None:
    """Whom it is about, and which fact it is."""
    case.subject = subject_of(case.content.envelope["subject"], desk.blank, platform_key=desk.platform_key)
    case.key = record_key(case.content, case.subject, desk.blank, platform_key=desk.platform_key)


def _ask(case: _Case, desk: Desk) -> None:
    """Every check."""
    submission, content = case.submission, case.content
    failed = failures(desk.questions(case.record_type.name, content.envelope["catalog_code"]), content)
    failed += key_failures(submission.key, case.decoded["envelope"]["subject"], case.subject, failed)
    if not submission.believed:
        failed.append(Failure("DQ-FMT-03", "", "databus-told-time", expected="no such header here"))
    case.failed = failed


def _judge(case: _Case, desk: Desk) -> None:
    """What its department is told, and whether that keeps it out."""
    submission, contract = case.submission, desk.contract
    token = submission.waiver
    if not case.failed and token is None:
        case.found = []
        return
    known = _known(case.content, case.key, contract)
    found = [finding(submission, known, failure, contract) for failure in case.failed]
    found += [
        told_too(failure, one) for failure, one in zip(case.failed, found, strict=True) if failure.also not in ("", submission.department)
    ]
    if token is not None:
        case.waiver, unbelieved = _waiver(submission, token, desk)
        found += [finding(submission, known, one, contract) for one in unbelieved]
        waived = set(case.waiver.waived) if case.waiver is not None and case.subject.key else set()
        found = [one for one in found if one.verdict is not Verdict.HOLD or (one.rule, one.field) not in waived]
    case.found = found
    if stops(found):
        case.written = written.refused(submission, found, desk)


def _accept(case: _Case, desk: Desk) -> None:
    """The events it becomes."""
    submission, content, subject = case.submission, case.content, case.subject
    if case.record_type.maps is not None:
        case.events = tuple(links.events(submission, content, subject, desk))
    else:
        case.events = (event_of(submission, content, subject, case.key, _body(case, desk), desk.contract),)


def _write(case: _Case, desk: Desk) -> None:
    submission, events = case.submission, case.events
    case.written = [
        *[written.accepted(submission, event, desk) for event in events],
        *written.told(submission, case.found, desk),
        *written.fixed(submission, events[0], desk, case.waiver),
    ]


def _waiver(submission: Submission, token: bytes, desk: Desk) -> tuple[Waiver | None, list[Failure]]:
    """The waiver of this submission, or DQ-FMT-03 for one that is forged, of another submission, or has run out."""
    try:
        if desk.waivers is None:
            raise Malformed("no waiver is believed here")
        waiver = waivers.read(token, desk.waivers)
    except Malformed as error:
        return None, [Failure("DQ-FMT-03", "databus-waiver", "", expected=error.detail)]
    at, key, value = submission.appended_at, submission.key, submission.value
    why = waivers.refusal(waiver, department=submission.department, key=key, value=value, at=at)
    return (None, [Failure("DQ-FMT-03", "databus-waiver", "", expected=why)]) if why else (waiver, [])


def _body(case: _Case, desk: Desk) -> bytes:
    """The very bytes that came, unless its values are written otherwise now."""
    content, decoded = case.content, case.decoded
    if content.payload is decoded["payload"] and content.envelope == decoded["envelope"]:
        return case.submission.value
    return desk.codec.encode(case.record_type.full_name, content.facts)


def _known(content: Content, key: str, contract: Contract) -> Known:
    told = content.envelope["catalog_code"]
    return Known(
        submission_id=content.envelope["submission_id"][:64],
        record_type=content.record_type.name,
        catalog_code=told if told in contract.entries else "",
        record_key=key,
        content=content,
    )
