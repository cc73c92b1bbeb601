"""What an accepted code map becomes: a link under every key it names (design 8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from databus.model import keys
from databus.model.event import Event, Op
from databus.quality.acceptance import event_of
from databus.quality.codemaps import map_of, verdict
from databus.quality.content import Content
from databus.quality.desk import Desk
from databus.quality.identity import Subject, record_key
from databus.quality.submission import Submission


def events(submission: Submission, content: Content, subject: Subject, desk: Desk) -> Iterator[Event]:
    """Each older code of a map as a record of its own, under the unified code's key and under its own.

    The first bears the id of what was sent; all others name it as their original.
    """
    maps, first = map_of(content.record_type), ""
    unified = maps.stands(content.payload)
    for old, code in maps.told(content.payload):
        status = verdict(maps, old, code, unified, content.department) if content.links else None
        payload = maps.alone(content.payload, old, status)
        alone = replace(content, payload=payload, facts={"envelope": content.envelope, "payload": payload})
        older = keys.organisation_key(code, scheme=old.scheme)
        body = desk.codec.encode(content.record_type.full_name, alone.facts)
        codes = {**subject.codes, keys.former(old.scheme) if old.scheme in subject.codes else old.scheme: code}
        for party in (
            Subject(subject.kind, subject.key, subject.name, codes),
            Subject(subject.kind, older, subject.name, {old.scheme: code}),
        ):
            event = event_of(
                submission, alone, party, record_key(alone, party, desk.blank, platform_key=desk.platform_key), body, desk.contract
            )
            if event.op is Op.LINK:
                event = replace(event, link=(older, subject.key, unified))
            if first:
                event = replace(event, event_id=keys.derived_id("link", submission.event_id, party.key, event.record_key), original=first)
            else:
                first = event.event_id
            yield event
