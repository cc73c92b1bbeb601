"""The sheets of a partition's subjects as the chunk at hand sees them, and what moves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

from databus.contract.attributes import Elected
from databus.contract.codec import Codec
from databus.contract.sheets import decode_sheet, encode_sheet
from databus.model import keys
from databus.model.chunk import State
from databus.model.event import Event
from databus.profile.attributes import elect
from databus.profile.charter import Charter
from databus.profile.claims import LICENCE, TAKES, Claim
from databus.profile.groups import GROUP, NUMBER, At, Groups
from databus.profile.sheet import KEPT, Sheet, group_of, packed, unpacked
from databus.profile.ties import Ties

SHEET, MEMO = "sheet", "memo"
_OWN = frozenset({"head", "clock", SHEET, MEMO})


@dataclass(frozen=True, slots=True)
class Touch:
    """Records that a change of the sheet concerns: members of a group, of one `role` or decided after a day (None: all).

    Without a group all records of the subject; with `target` they are not judged again, but told on to that key.
    """

    subject: str
    group: str
    after: int | None = None
    role: str = ""
    target: str = ""


@dataclass(slots=True)
class Dossiers:
    """What a chunk reads and writes of sheets, groups and memos; sheets and memos are read once."""

    codec: Codec
    state: State
    charter: Charter
    groups: Groups
    sheets: dict[str, Sheet] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    told: dict[str, dict[str, Elected | None]] = field(default_factory=dict)
    electing: dict[str, set[str]] = field(default_factory=dict)
    memos: dict[At, dict[str, list[Any]]] = field(default_factory=dict)
    noted: set[At] = field(default_factory=set)

    def sheet(self, subject: str) -> Sheet:
        """The sheet of a subject; empty for one not known yet."""
        sheet = self.sheets.get(subject)
        if sheet is None:
            data = self.state.get(keys.pack(subject, SHEET))
            sheet = self.sheets[subject] = Sheet() if data is None else unpacked(decode_sheet(self.codec, data))
        return sheet

    def memo(self, at: At, *, fresh: bool = False) -> dict[str, list[Any]]:
        """The open findings of a record, by what they are about; a `fresh` record has none stored."""
        memo = self.memos.get(at)
        if memo is None:
            data = None if fresh else self.state.get(_memo(at))
            memo = self.memos[at] = {} if data is None else orjson.loads(decode_sheet(self.codec, data))
        return memo

    def hear(self, event: Event, values: tuple[tuple[str, str, int], ...], uscc: str) -> list[Touch]:
        """An authority's record tells something, perhaps of earlier days: what it ever told it vouches for."""
        self._elected(event.subject_key, uscc, (name for name, *_ in values))
        return self._watched(event.subject_key, lambda sheet: sheet.hear(event.record_key, event.seq, values))

    def forget(self, event: Event, uscc: str) -> list[Touch]:
        """A source has deleted what it told of a record up to a seq."""
        authority = self.sheet(event.subject_key).authorities.get(event.record_key)
        if authority is None:
            return []
        self._elected(event.subject_key, uscc, authority.known)
        return self._watched(event.subject_key, lambda sheet: sheet.forget(event.record_key, event.seq))

    def move(self, at: At, before: Claim | None, after: Claim | None, uscc: str) -> list[Touch]:
        """A record claims something else; what that touches beside itself."""
        if before == after:
            return []
        subject, record = at
        touched = self._numbered(at, before, after)
        if (before is not None and before.authoritative) or (after is not None and after.authoritative):
            self._elected(subject, uscc, {name for claim in (before, after) if claim is not None for name, *_ in claim.values})
            standing = after if after is not None and after.authoritative else None
            touched += self._watched(subject, lambda sheet: sheet.stand(record, standing))
            before = None if before is not None and before.authoritative else before
            after = None if standing is not None else after
        self._grouped(at, before, after, uscc)
        return touched

    def _grouped(self, at: At, before: Claim | None, after: Claim | None, uscc: str) -> None:
        old, new = before and group_of(before), after and group_of(after)
        if before is not None and old != new:
            self._left(at, before, str(old), uscc)
        if after is not None and (old != new or before is None or before.day != after.day):
            self._joined(at, after, str(new), uscc)

    def _joined(self, at: At, claim: Claim, name: str, uscc: str) -> None:
        subject, record = at
        sheet = self.sheet(subject)
        group = sheet.groups.get(name)
        if group is None or record < group.first[0]:
            self._worded(subject, uscc, {name: value for name, value, _ in claim.values})
        self.groups.put(subject, GROUP + name, record, claim.day)
        if sheet.join(record, claim):
            self.moved.add(subject)

    def _left(self, at: At, claim: Claim, name: str, uscc: str) -> None:
        subject, record = at
        sheet = self.sheet(subject)
        group = sheet.groups.get(name)
        if group is not None and record == group.first[0]:
            self._worded(subject, uscc, group.values)
        self.groups.drop(subject, GROUP + name, record)
        if sheet.leave(record, claim, (first for first, _ in islice(self.groups.members(subject, GROUP + name), KEPT))):
            self.moved.add(subject)

    def _numbered(self, at: At, before: Claim | None, after: Claim | None) -> list[Touch]:
        told, tells = before.numbers if before else (), after.numbers if after else ()
        if told == tells:
            return []
        old, new = set(told), set(tells)
        for value, _, _ in old - new:
            self.groups.drop(at[0], NUMBER + value, at[1])
        for value, role, until in new - old:
            self.groups.put(at[0], NUMBER + value, at[1], [role, until])
        moved = {value for value, role, _ in old ^ new if role == LICENCE}
        return [Touch(at[0], NUMBER + value, role=TAKES) for value in sorted(moved)]

    def _watched(self, subject: str, change: Any) -> list[Touch]:
        sheet = self.sheet(subject)
        known, end = sheet.identity(self.charter), sheet.end()
        change(sheet)
        self.moved.add(subject)
        touched = self._doubted(sheet, subject, known)
        now = sheet.end()
        if end != now:
            first = min(day for day in (end, now) if day is not None)
            if sheet.latest > first:
                touched += [Touch(subject, GROUP + name, after=first) for name in sorted(sheet.groups)]
        return touched

    def _doubted(self, sheet: Sheet, subject: str, before: dict[str, frozenset[str]]) -> list[Touch]:
        # Groups whose answer to "is this the name registered?" has turned.
        touched = []
        for attribute, now in sheet.identity(self.charter).items():
            old = before[attribute]
            if old != now:
                for name, group in sorted(sheet.groups.items()):
                    value = group.values.get(attribute)
                    if value is not None and doubtful(value, old) != doubtful(value, now):
                        touched.append(Touch(subject, GROUP + name))
        return touched

    def _worded(self, subject: str, uscc: str, values: Mapping[str, str]) -> None:
        # One more or one less of those who say what an authority says: no attribute takes notice (`elect_attribute`).
        spoken = self.sheet(subject).spoken()
        if (names := [name for name, value in values.items() if spoken.get(name) != value]) or not spoken:
            self._elected(subject, uscc, names)

    def _elected(self, subject: str, uscc: str, names: Iterable[str]) -> None:
        # As told last, before the change at hand; what the code tells appears with the first word on the subject.
        concerned = {*names, *self.charter.derived}
        self.electing.setdefault(subject, set()).update(concerned)
        told = self.told.setdefault(subject, {})
        if new := concerned - told.keys():
            before = elect(self.sheet(subject), self.charter, uscc, new)
            told.update({name: before.get(name) for name in new})

    def elected(self, subject: str, uscc: str) -> tuple[dict[str, Elected | None], dict[str, Elected]]:
        """The attributes that a change has concerned, as told last and as they are now."""
        names, told = sorted(self.electing.pop(subject)), self.told[subject]
        before = {name: told[name] for name in names}
        now = elect(self.sheet(subject), self.charter, uscc, names)
        told.update({name: now.get(name) for name in names})
        return before, now

    def ties(self, subject: str) -> Ties | None:
        """What is known of who the subject is; None where no link was heard of."""
        return self.sheet(subject).ties

    def note(self, at: At) -> None:
        """The memo of a record has changed."""
        self.noted.add(at)

    def registers(self) -> dict[bytes, bytes | None]:
        """Everything written, as it goes into `registers`."""
        written = self.groups.registers()
        for subject in self.moved:
            written[keys.pack(subject, SHEET)] = encode_sheet(self.codec, packed(self.sheets[subject]))
        for at in self.noted:
            memo = self.memos[at]
            written[_memo(at)] = encode_sheet(self.codec, orjson.dumps(memo, option=orjson.OPT_SORT_KEYS)) if memo else None
        return written


def holds_records(group: str) -> bool:
    """True if a group of `registers` is a record's, by its second part: neither a sheet's nor a head's nor a clock's."""
    return group not in _OWN and not group.startswith(GROUP)


def doubtful(value: str, known: frozenset[str]) -> bool:
    """True if an authority has told who the subject is, and never this."""
    return bool(known) and value not in known


def _memo(at: At) -> bytes:
    return keys.pack(at[0], MEMO, at[1])
