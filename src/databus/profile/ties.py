"""Who a subject is: the identity links its profile knows, which of them lead, and which forwarded copies count (design 8).

Whether a link stands is its record's own affair; here they meet. A key leads to another if every standing link from it says
the same and the way does not come back. What contradicts itself leads nowhere (domain 1.8, test 7): each key keeps its own.
All of it is a function of the registers, never of the order in which they came.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from databus.model.event import Event
from databus.profile.election import elect
from databus.profile.registers import Profile, Register, merged

Leads = Mapping[str, str]
"""From the key of an older code to that of the code it belongs to."""

_BAR = "\x1f"


@dataclass(slots=True)
class Ties:
    """`edges` are the links that stand, by record and the way they came: the two keys. `targets` are the keys all that is said of
    this subject is told on to, with their codes: every one a link ever named, for what does not count there does no harm.
    `ways` are those by which copies have come; `code` is the subject's own unified code, empty for an older one."""

    edges: dict[str, list[str]] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    ways: list[str] = field(default_factory=list)
    code: str = ""

    def leads(self) -> Leads:
        """Which keys lead where."""
        said: dict[str, set[str]] = {}
        for older, unified in self.edges.values():
            said.setdefault(older, set()).add(unified)
        one = {older: next(iter(unified)) for older, unified in said.items() if len(unified) == 1}
        return {older: unified for older, unified in one.items() if not _returns(older, one)}

    def hear(self, record: str, way: str, registers: Profile) -> None:
        """Take over whether a record's link stands, as far as it came this way."""
        mine = [register for at, register in registers.items() if at.way == way]
        elected = elect(mine) if mine else None
        link = next((event.link for event in elected.links if event.link), None) if elected is not None and not elected.torn else None
        name = f"{record}{_BAR}{way}"
        if link is not None:
            self.edges[name] = list(link[:2])
        else:
            self.edges.pop(name, None)

    def claimed(self, older: str, record: str) -> list[str]:
        """The records of the other links from a key."""
        named = {name.partition(_BAR)[0] for name, (known, _) in self.edges.items() if known == older}
        return sorted(named - {record})

    def packed(self) -> list[Any]:
        """As JSON takes it; equal ties are equal."""
        return [self.edges, self.targets, sorted(self.ways), self.code]


def unpacked(told: list[Any] | None) -> Ties | None:
    """The ties in this JSON."""
    return None if told is None else Ties(*told)


def _returns(key: str, one: Mapping[str, str]) -> bool:
    seen, at = set[str](), one.get(key)
    while at is not None and at not in seen:
        if at == key:
            return True
        seen.add(at)
        at = one.get(at)
    return False


def counts(way: str, subject: str, leads: Leads) -> bool:
    """True if every key of a way leads to the next one, and the last one to the subject."""
    passed = way.split(" ")
    return all(leads.get(key) == following for key, following in zip(passed, (*passed[1:], subject), strict=True))


def counting(profile: Profile, subject: str, leads: Leads) -> tuple[str, ...]:
    """The ways of a record's copies that count."""
    ways = {at.way for at in profile if at.way}
    return tuple(sorted(way for way in ways if counts(way, subject, leads)))


def together(profile: Profile, ways: Collection[str]) -> Profile:
    """What a record's own registers and the copies of these ways say together, as if all of it had been said here."""
    found: dict[Any, Register] = {}
    for at, register in profile.items():
        if at.way and at.way not in ways:
            continue
        place = at._replace(way="")
        mine = found.get(place)
        found[place] = register if mine is None else merged(mine, register)
    return found


def led(link: Event, leads: Leads) -> bool:
    """True if a standing link leads where it says; otherwise it is at odds with another one."""
    return leads.get(link.link[0]) == link.link[1]
