"""The sheet of a subject: what its records claim together, folded so that its size depends on who asserts, not on how often.

Records of an authority are kept one by one, all others in groups of one source that assert the same. A group knows its
first records by key, which is all that provenance needs; who else is in it stands in entries of its own (`dossier`).
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import orjson

from databus.contract.attributes import OTHER
from databus.profile.charter import IDENTITY, Charter
from databus.profile.claims import Claim
from databus.profile.ties import Ties
from databus.profile.ties import unpacked as tied

KEPT = 2
"""How many of a group's first records the sheet names: the second stands by when the first leaves."""

_YEAR = 366


@dataclass(slots=True)
class Authority:
    """A record of an authority: its claim as long as it stands, and every value it ever told, by the highest seq it had."""

    claim: Claim | None = None
    known: dict[str, dict[str, int]] = field(default_factory=dict)

    def claimed(self, attribute: str) -> Iterator[str]:
        """The value it tells now with its authority."""
        values = () if self.claim is None else self.claim.values
        return (value for name, value, level in values if name == attribute and level != OTHER)


@dataclass(slots=True)
class Group:
    """Records of one source that assert the same. `first` are the smallest record keys, in order."""

    record_type: str
    source: str
    values: dict[str, str]
    first: list[str]


@dataclass(slots=True)
class Sheet:
    """`latest` is a bound on the days of decision, to within a year. `open` are findings about the subject, by what they are about.

    `ties` say who the subject is, None as long as no link was heard of: nearly always.
    """

    authorities: dict[str, Authority] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    latest: int = 0
    open: dict[str, list[Any]] = field(default_factory=dict)
    ties: Ties | None = None

    @property
    def says_something(self) -> bool:
        """True if anybody asserts anything of the subject now."""
        return any(group.values for group in self.groups.values()) or any(
            one.claim is not None and one.claim.values for one in self.authorities.values()
        )

    def live(self) -> list[tuple[str, Claim]]:
        """The authorities' standing records, the best first: nearest, then highest seq, then written last (domain 4.2)."""
        standing = [(key, one.claim) for key, one in self.authorities.items() if one.claim is not None]
        if len(standing) > 1:
            standing.sort(key=lambda pair: (min(level for *_, level in pair[1].values), -pair[1].seq, -pair[1].recorded_at, pair[0]))
        return standing

    def spoken(self) -> dict[str, str]:
        """The attributes of which an authority's word counts, each with the value it has."""
        nearest: dict[str, int] = {}
        found: dict[str, str] = {}
        for _, claim in self.live():
            for name, value, level in claim.values:
                if level < nearest.get(name, OTHER):
                    nearest[name], found[name] = level, value
        return found

    def known(self, attribute: str) -> frozenset[str]:
        """Every value an authority tells or has told of an attribute; empty while it is silent."""
        told = set[str]()
        for one in self.authorities.values():
            if one.claim is not None:
                told.update(one.known.get(attribute, ()))
                if self.ties is not None:
                    # What came along a link is told now, and was never heard here.
                    told.update(one.claimed(attribute))
        return frozenset(told)

    def identity(self, charter: Charter) -> dict[str, frozenset[str]]:
        """What the authorities know of the attributes that tell who the subject is."""
        return {name: self.known(name) for name, attribute in charter.attributes.items() if attribute.conflict == IDENTITY}

    def end(self) -> int | None:
        """The day on which the subject ended, by its authority's best record."""
        return next((claim.end for _, claim in self.live()), None)

    def hear(self, record_key: str, seq: int, values: tuple[tuple[str, str, int], ...]) -> bool:
        """Remember what an authority's record tells under a seq, whether it stands or not; False if that was known."""
        if not values:
            return False
        kept, moved = self.authorities.setdefault(record_key, Authority()).known, False
        for name, value, _ in values:
            told = kept.setdefault(name, {})
            if told.get(value, -1) < seq:
                told[value] = seq
                moved = True
        return moved

    def forget(self, record_key: str, seq: int) -> bool:
        """Drop what a record told up to a seq: it was deleted."""
        one = self.authorities.get(record_key)
        if one is None:
            return False
        left = {name: {value: at for value, at in told.items() if at > seq} for name, told in one.known.items()}
        moved, one.known = left != one.known, {name: told for name, told in left.items() if told}
        self._tidy(record_key)
        return moved

    def stand(self, record_key: str, claim: Claim | None) -> None:
        """Set or end the claim of an authority's record."""
        one = self.authorities.setdefault(record_key, Authority())
        one.claim = claim
        self._tidy(record_key)

    def join(self, record_key: str, claim: Claim) -> bool:
        """A record joins its group; True if the sheet moved."""
        name = group_of(claim)
        group = self.groups.get(name)
        moved = self._reach(claim)
        if group is None:
            values = {attribute: value for attribute, value, _ in claim.values}
            self.groups[name] = Group(claim.record_type, claim.source, values, [record_key])
            return True
        if record_key in group.first or (len(group.first) == KEPT and record_key > group.first[-1]):
            return moved
        insort(group.first, record_key)
        del group.first[KEPT:]
        return True

    def leave(self, record_key: str, claim: Claim, first: Iterable[str]) -> bool:
        """A record leaves its group, of whose rest `first` are the first; True if the sheet moved."""
        name = group_of(claim)
        group = self.groups.get(name)
        if group is None or record_key not in group.first:
            return False
        # One that names fewer than it might has no others.
        group.first = list(first) if len(group.first) == KEPT else [one for one in group.first if one != record_key]
        if not group.first:
            del self.groups[name]
        return True

    def _tidy(self, record_key: str) -> None:
        one = self.authorities[record_key]
        if one.claim is None and not one.known:
            del self.authorities[record_key]

    def _reach(self, claim: Claim) -> bool:
        if claim.day is None or claim.day <= self.latest:
            return False
        self.latest = (claim.day // _YEAR + 1) * _YEAR
        return True


def group_of(claim: Claim) -> str:
    """The name of the group of a claim."""
    return _group(claim.record_type, claim.source, claim.values)


@lru_cache(maxsize=1 << 14)
def _group(record_type: str, source: str, values: tuple[tuple[str, str, int], ...]) -> str:
    told = (record_type, source, *(part for name, value, _ in values for part in (name, value)))
    return blake2b("\x1f".join(told).encode(), digest_size=8).hexdigest()


def packed(sheet: Sheet) -> bytes:
    """The sheet as bytes; equal sheets are equal bytes."""
    told = {
        "a": {key: [_claim(one.claim), one.known] for key, one in sheet.authorities.items()},
        "g": {name: [group.record_type, group.source, group.values, group.first] for name, group in sheet.groups.items()},
        "l": sheet.latest,
        "o": sheet.open,
        **({} if sheet.ties is None else {"t": sheet.ties.packed()}),
    }
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def unpacked(data: bytes) -> Sheet:
    """The sheet in these bytes."""
    told = orjson.loads(data)
    return Sheet(
        authorities={key: Authority(_claimed(claim), known) for key, (claim, known) in told["a"].items()},
        groups={name: Group(*group) for name, group in told["g"].items()},
        latest=told["l"],
        open=told["o"],
        ties=tied(told.get("t")),
    )


def _claim(claim: Claim | None) -> list[Any] | None:
    if claim is None:
        return None
    return [claim.record_type, claim.source, claim.seq, claim.recorded_at, claim.values, claim.day, claim.end, claim.numbers]


def _claimed(told: list[Any] | None) -> Claim | None:
    if told is None:
        return None
    record_type, source, seq, recorded_at, values, day, end, numbers = told
    asserted = tuple((name, value, level) for name, value, level in values)
    numbered = tuple((value, role, until) for value, role, until in numbers)
    return Claim(record_type, source, seq, recorded_at, asserted, day, end, numbered)
