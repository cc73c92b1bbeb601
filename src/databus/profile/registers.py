"""The merge state of a profile and its join: any order, repetition or split of the events ends in the same state.

A profile maps addresses to registers. `join` is commutative, associative and idempotent, and `fold(s, e)` is
`join(s, lift(e))` (design 8). Nothing here knows a record type, a clock or a topic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, auto
from typing import NamedTuple

from databus.model import keys
from databus.model.event import Event, Op, facet
from databus.model.nouns import dataclass, replace

CONTENT = facet(Op.UPSERT)
REVOKE, REPAIR, DELETE, LINK = (facet(op) for op in (Op.REVOKE, Op.REPAIR, Op.DELETE, Op.LINK))
ENDS = (REVOKE, REPAIR)
"""Facets whose events can be taken back, unlike a DELETE."""
NOTE = facet(Op.ANNOTATE)
"""How the facets of notes begin."""

_TAKEN_BACK = b"\x01"


class Address(NamedTuple):
    """Where a register lives. `source` is `department/system`, `way` the keys a forwarded copy has passed, blanks between them."""

    subject: str
    record: str
    source: str
    facet: str
    way: str = ""

    @property
    def key(self) -> bytes:
        """The key in `registers`; its first two parts are the record's prefix."""
        return keys.pack(*self) if self.way else keys.pack(*self[:-1])


@dataclass(frozen=True, slots=True)
class Register:
    """The standing event of one facet from one source.

    `rivals` are the marks of other contents seen under the same seq: as long as there are any, the source has said
    two things at once (DQ-UNI-03). `based` is true once anything but a CORRECT was seen: a correction has a target.
    """

    event: Event
    rivals: frozenset[bytes] = frozenset()
    based: bool = True

    @property
    def seq(self) -> int:
        """The highest `source_seq` seen for this facet."""
        return self.event.seq

    @property
    def marks(self) -> frozenset[bytes]:
        """Marks of every content seen under this seq."""
        return self.rivals | {mark(self.event)}


Profile = Mapping[Address, Register]


class Meeting(Enum):
    """How an event meets the register it writes to."""

    FIRST = auto()
    NEWER = auto()
    SAME = auto()
    RIVAL = auto()
    OLDER = auto()


def source(event: Event) -> str:
    """The source of an event: department and system."""
    return f"{event.department}/{event.system}"


def address(event: Event) -> Address:
    """The register an event writes."""
    return Address(event.subject_key, event.record_key, source(event), event.facet, " ".join(event.via))


def mark(event: Event) -> bytes:
    """What tells contents apart: the content hash, and whether an end or note is set or taken back."""
    return event.content_hash + _TAKEN_BACK if event.withdrawn else event.content_hash


def lifted(event: Event) -> Register:
    """The register that knows this event and nothing else."""
    return Register(event, based=event.op is not Op.CORRECT)


def lift(event: Event) -> Profile:
    """The profile that knows this event and nothing else."""
    return _erased({address(event): lifted(event)})


def fold(profile: Profile, event: Event) -> Profile:
    """The profile after one more event."""
    return join(profile, lift(event))


def join(a: Profile, b: Profile) -> Profile:
    """The profile that knows what either knows."""
    joined = dict(a)
    for at, register in b.items():
        mine = joined.get(at)
        joined[at] = register if mine is None else merged(mine, register)
    return _erased(joined)


def merged(a: Register, b: Register) -> Register:
    """The join of two registers of one address.

    The higher seq wins; under an equal seq the smaller mark stands and the others become rivals. Of copies of one
    content the one known first stands, and an erased one before an unerased.
    """
    if a.seq != b.seq:
        winner = a if a.seq > b.seq else b
    else:
        event = min(a.event, b.event, key=_precedence)
        winner = Register(event, (a.marks | b.marks) - {mark(event)}, a.based or b.based)
        winner = next((same for same in (a, b) if same == winner), winner)
    if (a.based or b.based) and not winner.based:
        winner = replace(winner, based=True)
    return _reaching(winner, a.event, b.event) if winner.event.facet == DELETE else winner


def _reaching(winner: Register, a: Event, b: Event) -> Register:
    # What was erased once stays erased, so the reach of a DELETE into other sources' copies only grows.
    deciding, known_at = a.deciding or b.deciding, max(a.known_at, b.known_at)
    if (winner.event.deciding, winner.event.known_at) == (deciding, known_at):
        return winner
    return Register(replace(winner.event, deciding=deciding, known_at=known_at), winner.rivals, winner.based)


def _precedence(event: Event) -> tuple[bytes, int, str, bool, bytes]:
    # By originals: of two copies the same must stand as of what they are copies of.
    name = event.original or event.event_id
    if event.facet == DELETE:
        # Its reach grows as equal ones meet, so the reach cannot tell them apart.
        return mark(event), 0, name, False, event.body
    # Erasing leaves all but the body alone, and a DELETE that erases a copy that decides erases one that does not.
    return mark(event), event.known_at, name, event.deciding, event.body


def meet(register: Register | None, event: Event) -> Meeting:
    """How an event meets its register: what it adds to what the source has said before."""
    if register is None:
        return Meeting.FIRST
    if event.seq < register.seq:
        return Meeting.OLDER
    if event.seq == register.seq:
        return Meeting.SAME if mark(event) in register.marks else Meeting.RIVAL
    return Meeting.SAME if register.marks == {mark(event)} else Meeting.NEWER


def deletes(registers: Iterable[Register]) -> dict[str, Event]:
    """The DELETE of each source of one record that sent one."""
    return {source(register.event): register.event for register in registers if register.event.facet == DELETE}


def spent(event: Event, gone: Mapping[str, Event]) -> bool:
    """True if a DELETE among those of its record has overtaken this event.

    That of the same source overtakes all it said up to that seq; what is newer starts afresh. That of another, deciding
    source overtakes what was known before it, for seqs of two sources do not compare, and every content of a source
    that does not decide: no forwarded copy may bring back what the decider erased. Another's ends stay.
    """
    own = gone.get(source(event))
    if own is not None and own.seq >= event.seq:
        return True
    if event.facet in ENDS:
        return False
    forwarded = event.facet == CONTENT and not event.deciding
    return any(delete.deciding and (forwarded or event.known_at <= delete.known_at) for by, delete in gone.items() if by != source(event))


def reduced(event: Event) -> Event:
    """The event without anything of its payload: keys, seq, hash and labels stay."""
    return replace(event, body=b"", subject_name="", codes={}) if event.body else event


def _erased(profile: dict[Address, Register]) -> dict[Address, Register]:
    # Way by way: what came along a link must not erase for good what the link may turn out to have nothing to do with.
    gone: dict[tuple[str, str, str], dict[str, Event]] = {}
    for at, register in profile.items():
        if at.facet == DELETE:
            gone.setdefault((at.subject, at.record, at.way), {})[at.source] = register.event
    if not gone:
        return profile
    for at, register in profile.items():
        there = gone.get((at.subject, at.record, at.way))
        if there and register.event.body and (at.facet == DELETE or spent(register.event, there)):
            profile[at] = Register(reduced(register.event), register.rivals, register.based)
    return profile
