"""The processor of stage 3: a chunk of an inbox in, events, findings and sealed originals out.

A pure function of the chunk and the contract in force. It asks no clock: a submission's time is the broker's append time,
and every id is derived from the place in the inbox, so that a repeat writes the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from databus.bus.topics import EVENTS, FINDINGS, quarantine
from databus.contract import wire
from databus.contract.catalogue import Contract, RecordType
from databus.contract.codec import Codec
from databus.errors import Malformed, Undecodable, UnknownSchema
from databus.model import keys
from databus.model.chunk import Headers, Outcome, Output, Processor, Record, State
from databus.model.finding import Finding
from databus.quality import normalise
from databus.quality.acceptance import event_of
from databus.quality.content import Content, Failure, content_of
from databus.quality.findings import Known, finding, stops
from databus.quality.identity import Subject, key_failures, record_key, subject_of
from databus.quality.quarantine import Seal, seal_of, sealed
from databus.quality.rules import Questions, failures, questions
from databus.quality.secrecy import EnvelopeReader, envelope_reader, refused
from databus.quality.submission import EVENT_ID, RULE, SECRECY, Submission, counts, submission_of, uuid_or_nothing

Decoded = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """What all submissions are judged with: contracts, codec, keys, and each type's questions made ready."""

    contract: Contract
    codec: Codec
    platform_key: bytes
    seal: Seal
    questions: Mapping[str, Questions]
    envelope: EnvelopeReader


def processor(contract: Contract, codec: Codec, *, platform_key: bytes, quarantine_key: bytes, told_time: bool, prefix: str) -> Processor:
    """The checker over one contract. `prefix` is the bus prefix of the inboxes; outputs carry bare topic names.

    Raises:
        BadContract: a type asks for a rule that no check of one submission answers.
        BadSettings: the quarantine key is shorter than 32 bytes.
    """
    desk = Desk(
        contract=contract,
        codec=codec,
        platform_key=platform_key,
        seal=seal_of(quarantine_key),
        questions={name: questions(record_type, contract) for name, record_type in contract.types.items()},
        envelope=envelope_reader(contract),
    )
    return partial(_process, desk=desk, told_time=told_time, prefix=prefix)


def _process(chunk: Sequence[Record], state: State, *, desk: Desk, told_time: bool, prefix: str) -> Outcome:
    outputs: list[Output] = []
    unreadable: list[tuple[str, int, int]] = []
    for record in chunk:
        if counts(record):
            submission = submission_of(record, prefix=prefix, told_time=told_time)
            level, written = _examined(submission, desk)
            outputs += written
            if level:
                unreadable.append((record.topic, record.partition, record.offset))
    return Outcome(outputs, {}, unreadable)


def _examined(submission: Submission, desk: Desk) -> tuple[str, list[Output]]:
    """(the level of a refused secret or nothing, what is written of this submission)."""
    if level := refused(submission.all(SECRECY)):
        return level, _secret(submission, level, None, desk)
    try:
        full_name, decoded = desk.codec.decode(submission.value)
    except (Undecodable, UnknownSchema) as error:
        envelope = desk.envelope(submission.value)
        if envelope is not None and (level := refused([envelope["secrecy"]])):
            return level, _secret(submission, level, envelope, desk)
        return "", _refused(submission, Known(), [_unread(error)], desk)
    envelope = decoded.get("envelope")
    if isinstance(envelope, dict) and (level := refused([envelope["secrecy"]])):
        return level, _secret(submission, level, envelope, desk)
    record_type = desk.contract.type_of(full_name)
    if record_type is None:
        return "", _refused(submission, Known(), [Failure("DQ-SRC-02", "", full_name, expected="a record type")], desk)
    return "", _judged(submission, record_type, decoded, desk)


def _unread(error: Malformed) -> Failure:
    rule = "DQ-FMT-02" if isinstance(error, UnknownSchema) else "DQ-FMT-01"
    return Failure(rule, "", str(error.facts.get("schema_id", "")), expected=error.detail)


def _judged(submission: Submission, record_type: RecordType, decoded: Decoded, desk: Desk) -> list[Output]:
    asked = desk.questions[record_type.name]
    content = content_of(
        {"envelope": normalise.envelope(decoded["envelope"]), "payload": normalise.payload(decoded["payload"], asked.spellings)},
        record_type=record_type,
        contract=desk.contract,
        department=submission.department,
        received=submission.day,
    )
    subject = subject_of(content.envelope["subject"], desk.contract, platform_key=desk.platform_key)
    known = _known(content, record_key(content, subject, desk.contract), desk)
    failed = list(failures(asked, content, desk.contract))
    failed += key_failures(submission.key, decoded["envelope"]["subject"], subject, failed)
    if not submission.believed:
        failed.append(Failure("DQ-FMT-03", "", "databus-told-time", expected="no such header here"))
    try:
        body = _body(submission, content, decoded, desk)
    except Undecodable as error:
        return _refused(submission, known, [*failed, _unread(error)], desk)
    found = [finding(submission, known, failure, desk.contract) for failure in failed]
    if stops(found):
        return [*_told(submission, found, desk), _quarantined(submission, found, desk)]
    return [_accepted(submission, content, subject, known, body, desk), *_told(submission, found, desk)]


def _body(submission: Submission, content: Content, decoded: Decoded, desk: Desk) -> bytes:
    if content.envelope == decoded["envelope"] and content.payload == decoded["payload"]:
        return submission.value
    return desk.codec.encode(content.record_type.full_name, content.facts)


def _known(content: Content, key: str, desk: Desk) -> Known:
    told = content.envelope["catalog_code"]
    return Known(
        submission_id=content.envelope["submission_id"][:64],
        record_type=content.record_type.name,
        catalog_code=told if told in desk.contract.entries else "",
        record_key=key,
        content=content,
    )


def _accepted(submission: Submission, content: Content, subject: Subject, known: Known, body: bytes, desk: Desk) -> Output:
    event = event_of(submission, content, subject, known.record_key, body, desk.contract)
    key = keys.pack(event.subject_key, event.record_key, event.event_id)
    return Output(EVENTS, key, wire.encode_event(desk.codec, event), submission.passed_on, event.subject_key.encode())


def _refused(submission: Submission, known: Known, failed: Iterable[Failure], desk: Desk) -> list[Output]:
    found = [finding(submission, known, failure, desk.contract) for failure in failed]
    return [*_told(submission, found, desk), _quarantined(submission, found, desk)]


def _secret(submission: Submission, level: str, envelope: Decoded | None, desk: Desk) -> list[Output]:
    """Only who sent it when, and that it was refused: no word of the envelope but ids that can hold nothing else."""
    told = envelope["catalog_code"] if envelope is not None else ""
    known = Known(
        submission_id=uuid_or_nothing(envelope["submission_id"]) if envelope is not None else "",
        catalog_code=told if told in desk.contract.entries else "",
        record_type=desk.contract.entries[told].record_type if told in desk.contract.entries else "",
    )
    failure = Failure("DQ-SEC-01", "envelope.secrecy", level, expected="NONE | WORK_SECRET")
    return _told(submission, [finding(submission, known, failure, desk.contract)], desk, headers=())


def _told(submission: Submission, found: Sequence[Finding], desk: Desk, headers: Headers | None = None) -> list[Output]:
    key = submission.department.encode()
    passed = submission.passed_on if headers is None else headers
    return [Output(FINDINGS, key, wire.encode_finding(desk.codec, one), passed) for one in found]


def _quarantined(submission: Submission, found: Iterable[Finding], desk: Desk) -> Output:
    rules = ",".join(sorted({one.rule for one in found}))
    headers = (*submission.passed_on, (EVENT_ID, submission.event_id.encode()), (RULE, rules.encode()))
    original = sealed(desk.seal, submission.place, key=submission.key, value=submission.value)
    return Output(quarantine(submission.department), submission.event_id.encode(), original, headers)
