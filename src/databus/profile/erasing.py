"""What a DELETE takes out of `events`: what it has overtaken, and all of itself but that it was said (design 8)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Generic, TypeVar

from databus.model import keys
from databus.model.event import Event
from databus.model.nouns import replace
from databus.profile.forwarding import rekeyed
from databus.profile.registers import DELETE, Profile, Register, address, deletes, join, reduced, source, spent

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Erasure(Generic[Key]):
    """Of what lies in `events` of one record, by where it lies: what is to be removed, and the DELETEs as they stay, without
    their payload."""

    removed: Mapping[Key, Register] = field(default_factory=dict)
    kept: Mapping[Key, Register] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[str, ...]:
        """Whose contents are removed (department/system), sorted."""
        return tuple(sorted({source(register.event) for register in self.removed.values()}))


def erasure(lying: Mapping[Key, Register]) -> Erasure[Key]:
    """What is to be erased of one record, given all that lies of it in `events`, originals and copies, by where it lies.

    Way by way, as it is folded: what came along a link erases what came along it, and nothing else for good.
    """
    removed, kept = dict[Key, Register](), dict[Key, Register]()
    for way in {register.event.via for register in lying.values()}:
        told = {at: register for at, register in lying.items() if register.event.via == way}
        gone = _gone(told.values())
        for at, register in told.items():
            if register.event.facet != DELETE:
                removed |= {at: register} if spent(register.event, gone) else {}
            elif register.event.body:
                kept[at] = replace(register, event=reduced(register.event))
    return Erasure(removed, kept)


def owed(told: Mapping[str, Sequence[Event]]) -> Iterator[Event]:
    """The DELETEs still to be said under other keys of a subject, given what was said of one record under each, copies apart.

    As long as the links between its keys stand, what is said under one is said of the subject (design 8): a DELETE has overtaken
    what is told under the others just as well, but is known there only once it is said there. One is made of each that a key
    does not know, by the id of the first, so that saying it again says the same.
    """
    gone = {key: _gone(Register(event) for event in events) for key, events in told.items()}
    for key, events in told.items():
        left = [event for event in events if event.facet != DELETE and event.body and not spent(event, gone[key])]
        for other in sorted(gone.keys() - {key}):
            for by, delete in sorted(gone[other].items()):
                if any(spent(event, {by: delete}) for event in left):
                    yield _under(key, delete)


def _under(key: str, delete: Event) -> Event:
    return replace(
        reduced(delete),
        event_id=keys.derived_id("erase", delete.event_id, key),
        original=delete.original or delete.event_id,
        subject_key=key,
        record_key=rekeyed(delete.record_key, delete.subject_key, key),
    )


def _gone(told: Collection[Register] | Iterator[Register]) -> Mapping[str, Event]:
    nothing: Profile = {}
    return deletes(reduce(join, ({address(one.event): one} for one in told if one.event.facet == DELETE), nothing).values())
