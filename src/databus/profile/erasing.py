"""What a DELETE takes out of `events`: the copies it has overtaken, and all of itself but that it was said (design 8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from databus.model.event import Event
from databus.profile.registers import DELETE, Profile, deletes, fold, reduced, source, spent


@dataclass(frozen=True, slots=True)
class Erasure:
    """Of the events of one record: those to be removed, and the DELETEs as they stay, without their payload."""

    removed: tuple[Event, ...] = ()
    kept: tuple[Event, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Whose contents are removed (department/system), sorted."""
        return tuple(sorted({source(event) for event in self.removed}))


def erasure(events: Iterable[Event]) -> Erasure:
    """What is to be erased of one record, given every event of it in `events`."""
    told = tuple(events)
    nothing: Profile = {}
    gone = deletes(reduce(fold, told, nothing).values())
    removed = tuple(event for event in told if event.facet != DELETE and spent(event, gone)) if gone else ()
    return Erasure(removed, tuple(reduced(event) for event in told if event.facet == DELETE and event.body))
