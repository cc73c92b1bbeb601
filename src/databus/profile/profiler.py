"""The profiler: a chunk of accepted events becomes steps, registers and findings. No clock is asked: time is in the events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from databus.contract import wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model import keys
from databus.model.change import Change, Kind
from databus.model.chunk import Outcome, Output, Processor, Record, State
from databus.model.event import Event
from databus.profile.equivocation import finding_of
from databus.profile.lifecycle import rules_of
from databus.profile.overlay import Known, Overlay
from databus.profile.registers import CONTENT, Meeting, Profile, address, deletes, fold, meet, source, spent
from databus.profile.standing import Phase, Read, Rules, Submission
from databus.profile.steps import changed_fields, kind_of, moved
from databus.profile.view import View, day_of, view

CHANGES, FINDINGS = "changes", "findings"
ROW = "databus-row"


def processor(contract: Contract, codec: Codec) -> Processor:
    """The processor of stage 4: `events` of one partition → `changes`, `findings` and registers.

    One step per event, in order; a repeat of an event makes a step of the same `change_id`. A second content under one
    seq makes two: EQUIVOCAL, and beside it the CHANGED that holds the record (`causes` names the event, no submission).
    Tombstones are passed over.

    Raises (when called):
        Undecodable: `events` or `registers` hold something that is not ours; only our own processes write there.
    """
    rules = rules_of(contract)

    def process(chunk: Sequence[Record], state: State) -> Outcome:
        overlay, read, judge = Overlay(codec, state), _reader(codec), _judge(rules)
        outputs: list[Output] = []
        for record in chunk:
            if record.value is not None:
                outputs += _folded(record, overlay.heard(record.value), overlay, judge, read)
        return Outcome(outputs, overlay.registers())

    return process


def _reader(codec: Codec) -> Read:
    # Kept for one chunk: each further event on a record asks for the same content again.
    known: dict[bytes, Submission] = {}

    def read(event: Event) -> Submission:
        submission = known.get(event.body)
        if submission is None:
            submission = known[event.body] = codec.decode(event.body)[1]
        return submission

    return read


def _judge(rules: Rules) -> Rules:
    # Likewise: before and after an end or a note, the same content is judged on the same day.
    known: dict[tuple[int, int], tuple[Submission, Phase]] = {}

    def judge(record_type: str, submission: Submission, day: int) -> Phase:
        at = id(submission), day
        if at not in known:
            known[at] = submission, rules(record_type, submission, day)
        return known[at][1]

    return judge


def _folded(record: Record, event: Event, overlay: Overlay, rules: Rules, read: Read) -> list[Output]:
    known, at = overlay.record(event), address(event)
    meeting = meet(known.profile.get(at), event)
    day = max(day_of(heard) for heard in (event, *(register.event for register in known.profile.values())))
    before = _on(known, day, rules, read)
    profile = fold(known.profile, event)
    if before is not None and profile[at] is known.profile.get(at):
        after = before
    else:
        after = view(tuple(profile.values()), day, rules=rules, read=read)
    kind = kind_of(event, meeting, before, after)
    overlay.write(known, profile, after)

    step = _step(record, event, kind, before, after, profile, overlay.next_pv(event.subject_key) if kind.changing else None)
    outputs = [_change(overlay.codec, record, step)]
    if kind is Kind.EQUIVOCAL and moved(before, after):
        outputs.append(_change(overlay.codec, record, _consequence(step, overlay.next_pv(event.subject_key))))
    if meeting is Meeting.RIVAL:
        outputs.append(_finding(overlay.codec, record, event))
    return outputs


def _on(known: Known, day: int, rules: Rules, read: Read) -> View | None:
    if not known.profile:
        return None
    if known.view is not None and known.view.day == day:
        return known.view
    return view(tuple(known.profile.values()), day, rules=rules, read=read)


def _step(record: Record, event: Event, kind: Kind, before: View | None, after: View, known: Profile, pv: int | None) -> Change:
    lead = after.elected.lead
    content = None if spent(event, deletes(known.values())) else _content(event)
    told = lead if lead.body else event
    return Change(
        change_id=keys.derived_id("change", event.event_id),
        kind=kind,
        pv=pv,
        subject_key=event.subject_key,
        subject_name=told.subject_name,
        codes=told.codes,
        record_type=event.record_type,
        record_key=event.record_key,
        department=lead.department,
        system=lead.system,
        op=event.op.value,
        facet=event.facet,
        seq=event.seq,
        event_id=event.event_id,
        submission_id=event.submission_id,
        catalog_code=lead.catalog_code,
        known_at=event.known_at,
        was=None if before is None else before.stand.standing,
        standing=after.stand.standing,
        label_class=after.label_class,
        wake=after.stand.wake,
        rule=after.stand.rule,
        fields=changed_fields({} if before is None else before.payload, after.payload),
        causes=(),
        inbox_partition=event.inbox_partition,
        inbox_offset=event.inbox_offset,
        origin_partition=record.partition,
        origin_offset=record.offset,
        body=after.body,
        source=source(event),
        deciding=event.deciding,
        withdrawn=event.withdrawn,
        content_hash=event.content_hash,
        own=content is not None and content == after.body,
        said=None if content == after.body else content,
    )


def _content(event: Event) -> bytes | None:
    return event.body if event.facet == CONTENT and event.body else None


def _consequence(step: Change, pv: int) -> Change:
    """The step that holds a record because of another step; it belongs to no submission, so no count sees it twice."""
    change_id = keys.derived_id("change", step.event_id, "consequence")
    return replace(step, change_id=change_id, kind=Kind.CHANGED, pv=pv, submission_id="", causes=(step.event_id,), own=False, said=None)


def _change(codec: Codec, record: Record, step: Change) -> Output:
    subject = step.subject_key.encode()
    return Output(CHANGES, subject, wire.encode_change(codec, step), record.headers, subject)


def _finding(codec: Codec, record: Record, event: Event) -> Output:
    told = dict(record.headers).get(ROW, b"")
    finding = finding_of(event, row=int(told) if told.isdigit() else 0)
    return Output(FINDINGS, event.department.encode(), wire.encode_finding(codec, finding), record.headers)
