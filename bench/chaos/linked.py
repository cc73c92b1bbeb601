"""Maps of codes once more, in the plainest way: which key leads to which, and what lies under the one because of the other.

The sample's maps name an older code and the unified one that took its place; some claim a code that another subject has, some are
taken back. A chain of codes it does not make, and this refuses one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bench.chaos.retold import LINK, Retold, stands
from databus.contract.catalogue import Contract
from databus.contract.codemaps import CodeMap
from databus.model import keys
from databus.model.event import Event
from databus.testing.province.planned import Planned

Maps = Mapping[str, CodeMap]
"""By record type."""


def maps_of(contract: Contract) -> Maps:
    """The types that map codes."""
    return {name: kind.maps for name, kind in contract.types.items() if kind.maps is not None}


@dataclass
class Linked:
    """The events of every link, by the key of the older code, and by its record."""

    said: dict[str, dict[str, list[Event]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def hear(self, event: Event) -> None:
        """Take over an event; only what a link says under the key of its older code counts here."""
        if event.facet == LINK and event.link[0] == event.subject_key:
            self.said[event.subject_key][event.record_key].append(event)

    def leads(self, key: str) -> str:
        """The key a subject is known by, by all that was heard so far; empty where it is known by this one."""
        latest = [stands(events) for events in self.said[key].values()] if key in self.said else []
        targets = {one.event.link[1] for one in latest if not one.rivals and not one.event.withdrawn}
        return targets.pop() if len(targets) == 1 else ""

    def copies(self) -> Iterator[tuple[str, str]]:
        """Older key and newer key wherever anything was told on."""
        for older, records in self.said.items():
            for newer in sorted({event.link[1] for events in records.values() for event in events}):
                if newer in self.said:
                    raise ValueError(f"the oracle knows no chain of codes: {older}, {newer}")
                yield older, newer


def joined(told: Retold, linked: Linked) -> Retold:
    """The story by whom it is told of: what was said under a key that leads on counts under the key it leads to."""
    found = Retold(told.steps)
    for (subject, record, source, facet), events in told.facets.items():
        at = linked.leads(subject) or subject
        named = rekeyed(record, subject, at)
        found.facets[at, named, source, facet] += events
        found.records[at, named].add((source, facet))
    return found


def copied(told: Retold, linked: Linked) -> Iterator[tuple[tuple[str, ...], Event, int]]:
    """Every register that came along a link: its key, the event in it, how many rivals that has."""
    for older, newer in linked.copies():
        for (subject, record, source, facet), events in told.facets.items():
            if subject == older:
                one = stands(events)
                name = keys.derived_id("copy", one.event.event_id, older, newer)
                yield (newer, rekeyed(record, older, newer), source, facet, older), replace(one.event, event_id=name), len(one.rivals)


def rekeyed(record: str, subject: str, target: str) -> str:
    """A record key under another subject."""
    return "|".join(target if part == subject else part for part in record.split("|"))


def named(planned: Planned, maps: Maps) -> set[tuple[str, str]]:
    """Subject and record of every event that an accepted map becomes; empty for all else."""
    if planned.record_type not in maps:
        return set()
    codes, payload = maps[planned.record_type], planned.cut["payload"]
    unified = codes.stands(payload)
    return {
        (key, f"{planned.record_type}|{unified}|{old.scheme}|{code}")
        for old, code in codes.told(payload)
        for key in (keys.organisation_key(unified), keys.organisation_key(code, scheme=old.scheme))
    }


def contested(linked: Linked, events: Iterable[Event]) -> bool:
    """True if a standing link is at odds with another one of the same older code."""
    return any(event.link and not event.withdrawn and linked.leads(event.link[0]) != event.link[1] for event in events)
