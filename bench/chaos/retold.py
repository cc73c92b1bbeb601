"""The merge once more, in the plainest way: all events of a record are kept, and what stands is looked up among them.

It shares no line with `databus.profile`. It knows what the sample sends: contents, revocations and repairs, one source per
record, and maps of codes; a DELETE or a note it refuses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from databus.model.event import Event, Op

At = tuple[str, str]
"""Subject and record."""

Said = tuple[bytes, bool]
"""What tells contents apart: the hash, and whether something is taken back."""

CONTENT, LINK = "content", "link"
_KNOWN = {CONTENT, LINK, "revoke", "repair"}
_CHANGING = ("ADDED", "CHANGED", "ENDED", "RESTORED")


@dataclass(frozen=True, slots=True)
class Stands:
    """What stands of one facet: the event, what contradicts it under the same seq, whether all there is are corrections."""

    event: Event
    said: Said
    rivals: frozenset[Said]
    baseless: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What one event should have done: the kind of its step, whether a second step holds the record because of it, and whether
    the record says from then on what the event says."""

    kind: str
    consequence: bool
    speaks: bool


@dataclass
class Retold:
    """Steps by event id in the order of the log, and what stands in the end by subject, record, source and facet."""

    steps: dict[str, Step] = field(default_factory=dict)
    facets: dict[tuple[str, str, str, str], list[Event]] = field(default_factory=lambda: defaultdict(list))
    records: dict[At, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))

    def stands(self, at: At) -> dict[tuple[str, str], Stands]:
        """What stands of a record, by source and facet."""
        return {(source, facet): stands(self.facets[*at, source, facet]) for source, facet in self.records[at]}


def retell(events: Iterable[Event], away: Callable[[Event], bool]) -> Retold:
    """The story of distinct events, each subject's in the order of the log; `away` hears each, and tells whether its subject is
    known by another key: what would move a profile then is passed on, and moves that of the other.

    Raises:
        ValueError: an event of a kind this oracle does not know.
    """
    told = Retold()
    for event in events:
        if event.facet not in _KNOWN:
            raise ValueError(f"the oracle knows no {event.facet}")
        at, source = (event.subject_key, event.record_key), f"{event.department}/{event.system}"
        known = told.facets[*at, source, event.facet]
        before, had = _view(told, at), any(_speaks(told.facets[*at, *one]) for one in told.records[at])
        met, gone = _meets(known, event), away(event)
        known.append(event)
        told.records[at].add((source, event.facet))
        # What a map becomes under its other keys belongs to no submission.
        if event.original:
            continue
        moved, speaks = _view(told, at) != before, event.facet == CONTENT and stands(known).said == said(event)
        kind = _kind(event, met, moved, had)
        if gone:
            told.steps[event.event_id] = Step("FORWARDED" if kind in _CHANGING else kind, False, False)
        else:
            told.steps[event.event_id] = Step(kind, moved and met == "EQUIVOCAL", speaks)
    return told


def _speaks(events: list[Event]) -> bool:
    one = stands(events).event
    return one.facet == CONTENT or (one.facet == LINK and not one.withdrawn)


def said(event: Event) -> Said:
    return event.content_hash, event.withdrawn


def stands(events: list[Event]) -> Stands:
    """What stands of one facet, of all that was ever said."""
    highest = max(event.seq for event in events)
    latest = [event for event in events if event.seq == highest]
    smallest = min(map(said, latest))
    first = min((event for event in latest if said(event) == smallest), key=lambda event: (event.known_at, event.event_id))
    return Stands(first, smallest, frozenset(map(said, latest)) - {smallest}, all(event.op is Op.CORRECT for event in events))


def _view(told: Retold, at: At) -> dict[tuple[str, str], tuple[Said, bool, bool]]:
    return {facet: (stands.said, bool(stands.rivals), stands.baseless) for facet, stands in told.stands(at).items()}


def _meets(known: list[Event], event: Event) -> str:
    if not known:
        return "NEW"
    highest = max(one.seq for one in known)
    under = {said(one) for one in known if one.seq == highest}
    if event.seq < highest:
        return "HISTORY"
    if event.seq == highest:
        return "DUPLICATE" if said(event) in under else "EQUIVOCAL"
    return "DUPLICATE" if under == {said(event)} else "NEW"


def _kind(event: Event, met: str, moved: bool, had_content: bool) -> str:
    # What comes behind its own correction gives that a target, and the record stands otherwise.
    if met in ("DUPLICATE", "EQUIVOCAL") or not moved:
        return "HISTORY" if met == "NEW" else met
    if event.facet in (CONTENT, LINK) and not event.withdrawn:
        return "CHANGED" if had_content else "ADDED"
    return "RESTORED" if event.withdrawn and event.facet != LINK else "ENDED"
