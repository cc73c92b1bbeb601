"""The processor of stage 3: a chunk of an inbox in, events, findings and sealed originals out.

A pure function of the chunk and the contract in force. It asks no clock: a submission's time is the broker's append time,
and every id is derived from the place in the inbox, so that a repeat writes the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from joserfc.jwk import ECKey

from databus.contract.catalogue import Contract, RecordType
from databus.contract.codec import Codec
from databus.errors import Malformed, Undecodable, UnknownSchema
from databus.model.chunk import Outcome, Output, Processor, Record, State
from databus.model.finding import Verdict
from databus.model.labels import Secrecy
from databus.quality import links, normalise, waivers, written
from databus.quality.acceptance import event_of
from databus.quality.content import Content, Failure, content_of
from databus.quality.desk import Desk, desk_of
from databus.quality.findings import Known, finding, stops, told_too
from databus.quality.identity import key_failures, record_key, subject_of
from databus.quality.rules import failures
from databus.quality.secrecy import refused
from databus.quality.submission import SECRECY, Submission, submission_of
from databus.quality.waivers import Waiver

Decoded = Mapping[str, Any]


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
    for record in chunk:
        submission = submission_of(record, told_time=told_time)
        level, output = _examined(submission, desk)
        outputs += output
        if level:
            unreadable.append((submission.place.topic, record.partition, record.offset))
    return Outcome(outputs, {}, unreadable)


def _examined(submission: Submission, desk: Desk) -> tuple[str, list[Output]]:
    """(the level of a refused secret or nothing, what is written of this submission)."""
    if level := refused(submission.all(SECRECY)):
        return level, written.forgotten(submission, level, None, desk)
    try:
        full_name, decoded = desk.codec.decode(submission.value)
    except (Undecodable, UnknownSchema) as error:
        envelope = desk.envelope(submission.value)
        if envelope is not None and (level := refused([envelope["secrecy"]])):
            return level, written.forgotten(submission, level, envelope, desk)
        return "", _unread(submission, [_unreadable(error)], desk)
    envelope = decoded.get("envelope")
    if isinstance(envelope, dict) and (level := refused([envelope["secrecy"]])):
        return level, written.forgotten(submission, level, envelope, desk)
    record_type = desk.contract.type_of(full_name)
    if record_type is None:
        return "", _unread(submission, [Failure("DQ-SRC-02", "", full_name, expected="a record type")], desk)
    return "", _judged(submission, _content(submission, record_type, decoded, desk), decoded, desk)


def _unreadable(error: Malformed) -> Failure:
    rule = "DQ-FMT-02" if isinstance(error, UnknownSchema) else "DQ-FMT-01"
    return Failure(rule, "", str(error.facts.get("schema_id", "")), expected=error.detail)


def _unread(submission: Submission, failed: Iterable[Failure], desk: Desk) -> list[Output]:
    return written.refused(submission, [finding(submission, Known(), failure, desk.contract) for failure in failed], desk)


def _content(submission: Submission, record_type: RecordType, decoded: Decoded, desk: Desk) -> Content:
    envelope = normalise.envelope(decoded["envelope"])
    asked = desk.questions(record_type.name, envelope["catalog_code"])
    if Secrecy.WORK_SECRET in (level.strip().upper() for level in submission.all(SECRECY)):
        envelope["secrecy"] = Secrecy.WORK_SECRET.value
    return content_of(
        {"envelope": envelope, "payload": normalise.payload(decoded["payload"], asked.spellings)},
        record_type=record_type,
        contract=desk.contract,
        department=submission.department,
        received=submission.day,
    )


def _judged(submission: Submission, content: Content, decoded: Decoded, desk: Desk) -> list[Output]:
    subject = subject_of(content.envelope["subject"], desk.blank, platform_key=desk.platform_key)
    key = record_key(content, subject, desk.blank, platform_key=desk.platform_key)
    failed = failures(desk.questions(content.record_type.name, content.envelope["catalog_code"]), content)
    failed += key_failures(submission.key, decoded["envelope"]["subject"], subject, failed)
    if not submission.believed:
        failed.append(Failure("DQ-FMT-03", "", "databus-told-time", expected="no such header here"))
    known = _known(content, key, desk.contract)
    found = [finding(submission, known, failure, desk.contract) for failure in failed]
    found += [told_too(failure, one) for failure, one in zip(failed, found, strict=True) if failure.also not in ("", submission.department)]
    waiver = None
    if submission.waiver is not None:
        waiver, refused = _waiver(submission, submission.waiver, desk)
        found += [finding(submission, known, one, desk.contract) for one in refused]
        waived = set(waiver.waived) if waiver is not None and subject.key else set()
        found = [one for one in found if one.verdict is not Verdict.HOLD or (one.rule, one.field) not in waived]
    if stops(found):
        return written.refused(submission, found, desk)
    if content.record_type.maps is not None:
        events = list(links.events(submission, content, subject, desk))
    else:
        events = [event_of(submission, content, subject, key, _body(submission, content, decoded, desk), desk.contract)]
    return [
        *(written.accepted(submission, event, desk) for event in events),
        *written.told(submission, found, desk),
        *written.fixed(submission, events[0], desk, waiver),
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


def _body(submission: Submission, content: Content, decoded: Decoded, desk: Desk) -> bytes:
    if content.envelope == decoded["envelope"] and content.payload == decoded["payload"]:
        return submission.value
    return desk.codec.encode(content.record_type.full_name, content.facts)


def _known(content: Content, key: str, contract: Contract) -> Known:
    told = content.envelope["catalog_code"]
    return Known(
        submission_id=content.envelope["submission_id"][:64],
        record_type=content.record_type.name,
        catalog_code=told if told in contract.entries else "",
        record_key=key,
        content=content,
    )
