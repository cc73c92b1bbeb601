"""Which of several sources' copies speaks for a record (design 8).

A deciding source's copy goes first, then one its own source has not ended, then the source that sorts first by
department and system: the deciding organ's copy is kept (domain 4.1), and the order of arrival never matters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from databus.model.event import Event
from databus.model.nouns import dataclass
from databus.profile.registers import CONTENT, DELETE, ENDS, LINK, NOTE, Register, deletes, mark, source, spent


@dataclass(frozen=True, slots=True)
class Elected:
    """One record once its copies are weighed.

    `lead` is the event whose source and labels speak for the record: that of the content where there is one. `ends`
    are the REVOKE and REPAIR that count for the elected copy (all of them while there is no content), `notes` the notes
    that stand, `links` its relations. `torn` is true while a source stands by two contents under one seq. `copies` are
    what other sources tell of the same document, never merged; `based` is false while all there is are corrections.

    An identity link is the content of its own record, as long as it stands; `unlinked` is true once it was taken back.
    """

    content: Event | None
    lead: Event
    ends: tuple[Event, ...]
    notes: tuple[Event, ...]
    links: tuple[Event, ...]
    deleted: bool
    torn: bool
    copies: tuple[Event, ...] = ()
    based: bool = True
    unlinked: bool = False

    def claims(self, other: Elected) -> bool:
        """True if the other may claim something else of its subject.

        By identity: a register that did not move is the same object, and a higher seq of equal content matters to authorities.
        """
        return self.content is not other.content or (self.ends, self.torn) != (other.ends, other.torn)

    @property
    def said(self) -> tuple[object, ...]:
        """What the record says, without the ids and times of who said it: equal where nothing changed."""
        content = None if self.content is None else (source(self.content), mark(self.content))
        return content, tuple((source(event), event.facet, mark(event)) for event in self.ends + self.notes + self.links)


def elect(registers: Collection[Register]) -> Elected:
    """The record behind its registers, of which there is at least one."""
    if len(registers) == 1:
        (only,) = registers
        if only.event.facet == CONTENT and only.event.body:
            return Elected(only.event, only.event, (), (), (), deleted=False, torn=bool(only.rivals), based=only.based)
    gone = deletes(registers)
    live = [register for register in registers if register.event.facet != DELETE and not spent(register.event, gone)] if gone else registers
    told = [register.event for register in live]
    standing = [event for event in told if not event.withdrawn]
    ends = [event for event in standing if event.facet in ENDS]
    ended = {source(event) for event in ends}
    copies = sorted((event for event in told if _speaks(event)), key=lambda event: _rank(event, ended))
    content = copies[0] if copies else None
    return Elected(
        content=content,
        lead=content or _lead(gone.values() or told),
        ends=_ordered(event for event in ends if content is None or event.deciding or source(event) == source(content)),
        notes=_ordered(event for event in standing if event.facet.startswith(NOTE)),
        links=_ordered(event for event in standing if event.facet == LINK),
        deleted=content is None and bool(gone),
        torn=any(register.rivals for register in live),
        copies=tuple(copy for copy in copies[1:] if source(copy) not in ended),
        based=content is None or bool(gone) or any(register.based for register in live if _speaks(register.event)),
        unlinked=content is None and any(event.link for event in told),
    )


def nothing(registers: Collection[Register]) -> Elected:
    """A record none of whose registers count here: whoever would speak for it lends it its labels."""
    return Elected(None, _lead(register.event for register in registers), (), (), (), deleted=False, torn=False)


def _speaks(event: Event) -> bool:
    # One that was erased says nothing, though the copy of its DELETE may still be on its way here.
    return bool(event.body) and (event.facet == CONTENT or (bool(event.link) and not event.withdrawn))


def _rank(event: Event, ended: Collection[str]) -> tuple[bool, bool, str]:
    return not event.deciding, source(event) in ended, source(event)


def _lead(events: Iterable[Event]) -> Event:
    return min(events, key=lambda event: (not event.deciding, source(event), event.facet, event.via))


def _ordered(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(sorted(events, key=lambda event: (source(event), event.facet)))
