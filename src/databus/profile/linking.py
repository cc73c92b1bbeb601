"""Folding where there are links: what an event does to its record, to who its subject is, and on which keys it is told on."""

from __future__ import annotations

from databus.model import keys
from databus.model.change import Kind
from databus.model.chunk import Record
from databus.model.event import Event
from databus.model.nouns import replace
from databus.profile.answering import Cause
from databus.profile.counted import counted
from databus.profile.forwarding import copy_of
from databus.profile.overlay import Known
from databus.profile.registers import Meeting, Profile, Register, address, join, meet
from databus.profile.steps import kind_of, moved
from databus.profile.telling import Place, Step, Telling, consequence, equivocation, linked, step_of
from databus.profile.timeline import Timeline
from databus.profile.tying import tie
from databus.profile.view import View


def folded(record: Record, lifted: Register, time: Timeline) -> list[Telling]:
    """What comes of an event or a copy of a register whose subject, or itself, has to do with a link."""
    event, overlay, whole = lifted.event, time.overlay, time.whole
    where, at = (event.subject_key, event.record_key), address(event)
    known = overlay.record(where)
    meeting = meet(known.profile.get(at), event)
    before = time.before(known)
    profile = join(known.profile, {at: lifted})
    ties = whole.dossiers.ties(where[0])
    led = None if ties is None else ties.leads().get(where[0])
    touches = tie(event, profile, whole.dossiers)
    ties = whole.dossiers.ties(where[0])
    now = counted(where[0], profile, ties)
    touches += whole.take(event, None if before is None else before.elected, now.elected, profile)
    after = now.view(time.clock.day, rules=time.rules, read=time.read, weigh=whole.weigh)
    kind = _kind(event, meeting, before, after, known, profile, time)
    moving = profile[at] is not known.profile.get(at)
    overlay.write(where, profile, after)

    pv = overlay.next_pv(where[0]) if kind.changing else None
    step = step_of(Place(record.partition, record.offset), event, kind, before, after, _beside(profile, at.way), pv)
    # A register may come along a link more than once, each time with more in it.
    name = keys.unpack(record.key)[-1] if event.via and record.key else event.event_id
    step = replace(step, change_id=keys.derived_id("change", name))
    outputs: list[Telling] = [Step(step, record.headers)]
    if kind is Kind.EQUIVOCAL and moved(before, after):
        outputs.append(Step(consequence(step, overlay.next_pv(where[0])), record.headers))
    leads = ties.leads().get(where[0]) if ties is not None else None
    if leads != led:
        outputs.append(Step(linked(step, leads or "", overlay.next_pv(where[0])), record.headers))
    cause = Cause(event.event_id, event.known_at)
    if meeting is Meeting.RIVAL and not event.original:
        outputs.append(whole.answers.keep(where, event, equivocation(record, event), whole.dossiers))
    if after is not before:
        outputs += whole.answers.of_record(where, known, after.failures, whole.dossiers, cause)
    for attributes, findings in whole.attributed(name, "" if ties is None else ties.code, cause, overlay, step):
        outputs += [] if attributes is None else [Step(attributes, record.headers)]
        outputs += findings
    if moving and ties is not None:
        copies = (copy_of(profile[at], where[0], *target, overlay.codec, record.headers) for target in sorted(ties.targets.items()))
        outputs += [copy for copy in copies if copy is not None]
    return outputs + time.touch(touches, event, record.offset)


def _kind(event: Event, meeting: Meeting, before: View | None, after: View, known: Known, profile: Profile, time: Timeline) -> Kind:
    """What the event did. A copy stands beside the sum, so it only says whether it moved anything; what would have moved a profile
    that has moved away is FORWARDED."""
    if event.original:
        return kind_of(event, Meeting.NEWER, before, after) if moved(before, after) else Kind.HISTORY
    if moved(before, after) or after.present:
        return kind_of(event, meeting, before, after)
    subject, ties = event.subject_key, time.whole.dossiers.ties(event.subject_key)

    def own(registers: Profile) -> View | None:
        if not registers:
            return None
        return counted(subject, registers, ties, as_own=True).view(time.clock.day, rules=time.rules, read=time.read, weigh=time.whole.weigh)

    mine, then = own(known.profile), own(profile)
    kind = Kind.HISTORY if then is None else kind_of(event, meeting, mine, then)
    return Kind.FORWARDED if kind.changing else kind


def _beside(profile: Profile, way: str) -> Profile:
    return {at: register for at, register in profile.items() if at.way == way}
