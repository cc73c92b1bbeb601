"""What the profiler tells: steps and findings, as they leave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from databus.contract import wire
from databus.contract.codec import Codec
from databus.model import keys
from databus.model.change import Change, Kind
from databus.model.chunk import Headers, Output, Record
from databus.model.event import Event
from databus.model.finding import Finding
from databus.model.nouns import replace
from databus.profile.election import Elected
from databus.profile.equivocation import finding_of
from databus.profile.registers import CONTENT, Profile, deletes, source, spent
from databus.profile.steps import changed_fields
from databus.profile.view import View

CHANGES = "changes"
ROW = "databus-row"


class Place(NamedTuple):
    """Where in `events` the cause of a step lies."""

    partition: int
    offset: int


def step_of(place: Place, event: Event, kind: Kind, before: View | None, after: View, known: Profile, pv: int | None) -> Change:
    """The step an event makes; `place` is where in `events` it lies, `known` the record's registers with it."""
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
        # What says again under another key what a submission said once stands beside the sum.
        submission_id="" if event.original else event.submission_id,
        catalog_code=lead.catalog_code,
        known_at=event.known_at,
        was=None if before is None or not before.present else before.stand.standing,
        standing=after.stand.standing,
        label_class=after.label_class,
        wake=after.stand.wake,
        rule=after.stand.rule,
        fields=changed_fields({} if before is None else before.payload, after.payload),
        causes=(),
        inbox_partition=event.inbox_partition,
        inbox_offset=event.inbox_offset,
        origin_partition=place.partition,
        origin_offset=place.offset,
        body=after.body,
        source=source(event),
        deciding=event.deciding,
        withdrawn=event.withdrawn,
        content_hash=event.content_hash,
        own=content is not None and content == after.body,
        said=None if content == after.body else content,
        duplicate_of=_duplicate_of(event, after.elected),
        original=event.original,
        via=event.via,
    )


def _duplicate_of(event: Event, elected: Elected) -> str:
    # Another source's copy of the same document is linked to the one that stands, and never merged (domain 4.1).
    standing = elected.content
    copied = event.facet == CONTENT and standing is not None and source(event) != source(standing)
    return standing.event_id if copied and standing is not None else ""


def in_time(step: Change, cause: str, at: int) -> Change:
    """The step made by a tick or a release, known from `at` on; its own event says nothing new, and no submission counts it."""
    change_id = keys.derived_id("change", cause, step.subject_key, step.record_key)
    own = {"change_id": change_id, "submission_id": "", "causes": (cause,), "known_at": at, "own": False, "said": None, "original": ""}
    return replace(step, **own)  # type: ignore[arg-type]


def _content(event: Event) -> bytes | None:
    return event.body if (event.facet == CONTENT or event.link) and not (event.link and event.withdrawn) and event.body else None


def consequence(step: Change, pv: int) -> Change:
    """The step that holds a record because of another step; it belongs to no submission, so no count sees it twice."""
    change_id = keys.derived_id("change", step.event_id, "consequence")
    return replace(step, change_id=change_id, kind=Kind.CHANGED, pv=pv, submission_id="", causes=(step.event_id,), own=False, said=None)


def linked(step: Change, moved_to: str, pv: int) -> Change:
    """The step that says under which key a subject is known from here on; it belongs to no submission, and shows no record."""
    change_id = keys.derived_id(step.change_id, "linked")
    about = {"kind": Kind.LINKED, "facet": "linked", "fields": (), "wake": None, "body": None, "duplicate_of": "", "moved_to": moved_to}
    own = {"change_id": change_id, "pv": pv, "submission_id": "", "causes": (step.event_id,), "own": False, "said": None, "original": ""}
    return replace(step, **about, **own)  # type: ignore[arg-type]


class Step(NamedTuple):
    """A step on its way into `changes`."""

    change: Change
    headers: Headers = ()


Telling = Output | Step


def written(codec: Codec, tellings: Iterable[Telling]) -> list[Output]:
    """All of it as it leaves. Steps are written one right after the other: code that has just run runs faster."""
    return [_written(codec, *one) if isinstance(one, Step) else one for one in tellings]


def _written(codec: Codec, step: Change, headers: Headers) -> Output:
    subject = step.subject_key.encode()
    return Output(CHANGES, subject, wire.encode_change(codec, step), headers, subject)


def equivocation(record: Record, event: Event) -> Finding:
    """The finding to the source of an event that says another thing under one seq."""
    told = dict(record.headers).get(ROW, b"")
    return finding_of(event, row=int(told) if told.isdigit() else 0)
