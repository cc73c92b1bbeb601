"""Time in a partition: what wakes on a day is judged on that day, whether a tick or an event brought the day (design 8).

A record's steps depend only on what `events` hold and in which order: one that is still to be judged when an event comes for
it is judged first, so it makes no difference in how many slices a sweep was done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from databus.contract import wire
from databus.model import keys
from databus.model.change import Kind
from databus.model.chunk import Output
from databus.model.clock import Clock, Release, Tick, start_of
from databus.model.event import Event
from databus.model.labels import Standing
from databus.model.nouns import replace
from databus.profile.announcing import clock_key, clock_of
from databus.profile.answering import Cause
from databus.profile.counted import counted
from databus.profile.dossier import Touch, holds_records
from databus.profile.forwarding import copies_of
from databus.profile.groups import At
from databus.profile.overlay import CLOCK, Known, Overlay
from databus.profile.pending import Pending, sealed, unsealed
from databus.profile.standing import Read, Rules
from databus.profile.steps import kind_in_time, moved
from databus.profile.telling import CHANGES, Place, Step, Telling, in_time, step_of
from databus.profile.ties import together
from databus.profile.view import View, absent, recalled, view
from databus.profile.whole import Whole

SLICE = 2000
"""Records judged by time in one transaction at most."""


@dataclass(slots=True)
class Timeline:
    """The time of one partition while a chunk is at hand. `release` is the digest of the rule sets in force."""

    overlay: Overlay
    partition: int
    rules: Rules
    read: Read
    whole: Whole
    release: str
    budget: int
    committed: Clock
    clock: Clock
    waiting: deque[Pending]
    writes: bool
    coming: Iterator[tuple[int, bytes]] | None = None
    ahead: tuple[int, bytes] | None = None

    def told(self, said: Tick | Release, offset: int) -> list[Telling]:
        """Take over what the owner has told the partition. Releases of other processes' rule sets are passed over."""
        if isinstance(said, Tick):
            self.clock = replace(self.clock, written=max(self.clock.written, said.day), tick=max(self.clock.tick, said.day))
            return self.reach(said.day, offset)
        self.clock = replace(self.clock, announced=said.digest)
        if said.digest == self.release != self.clock.release:
            self.clock = replace(self.clock, release=said.digest, released_at=said.at, released=offset, cursor=b"")
        return []

    def reach(self, day: int, offset: int) -> list[Telling]:
        """A day was seen, in the record at this offset."""
        if day <= self.clock.day:
            return []
        self.clock = replace(self.clock, day=day, origin=offset)
        return self.sweep()

    def sweep(self) -> list[Telling]:
        """Judge what wakes by the partition's day, in the order of the days, as far as the budget goes."""
        outputs: list[Telling] = []
        while self.budget > 0 and self._wake() <= self.clock.day:
            at = self._take()
            if at is not None:
                self.budget -= 1
                outputs += self._woken(at)
        self.clock = replace(self.clock, swept=max(self.clock.swept, min(self.clock.day, self._wake() - 1)))
        return outputs

    def settle(self, at: At) -> list[Telling]:
        """Judge a record before an event is folded into it: by its own wake days, and by a release on its way."""
        known, outputs = self.overlay.record(at), list[Telling]()
        while known.stand is not None and known.stand.wake is not None and known.stand.wake <= self.clock.day:
            outputs += self._woken(at)
        if self.clock.cursor is not None and known.profile and keys.pack(*at) > self.clock.cursor:
            outputs += self._rejudged(at)
        # A walk over what waits now: what the judgements themselves touch comes behind it.
        for pending in tuple(self.waiting):
            if known.profile and not pending.touch.target and pending.concerns(at, self.whole.dossiers):
                outputs += self._judged(at, self.clock.day, pending.cause, pending.at, pending.offset)
        return outputs

    def touch(self, touches: Iterable[Touch], event: Event, offset: int) -> list[Telling]:
        """Judge the records that a change of their subject's sheet concerns, as far as the budget goes."""
        pending = (Pending(touch, event.event_id, event.known_at, offset) for touch in touches)
        # Most often a licence that no penalty has named. A record that comes to be concerned later is judged when it does.
        self.waiting += (one for one in pending if one.touch.target or any(self._members(one)))
        return self.concerned()

    def concerned(self) -> list[Telling]:
        """Judge what is still to be judged of that, or tell it on."""
        outputs: list[Telling] = []
        untold: list[Pending] = []
        while self.waiting and self.budget > 0:
            pending = self.waiting.popleft()
            if pending.touch.target and not self.writes:
                untold.append(pending)
                continue
            members = list(islice(self._members(pending), self.budget + 1))
            if len(members) > self.budget:
                self.waiting.appendleft(replace(pending, cursor=members[self.budget - 1]))
            for record in members[: self.budget]:
                outputs += self._concerned(pending, record)
            self.budget -= min(self.budget, len(members))
        self.waiting.extendleft(reversed(untold))
        return outputs

    def _members(self, pending: Pending) -> Iterator[str]:
        return pending.members(self.whole.dossiers, self.overlay)

    def _concerned(self, pending: Pending, record: str) -> list[Telling]:
        at, target = (pending.touch.subject, record), pending.touch.target
        if not target:
            return self._judged(at, self.clock.day, pending.cause, pending.at, pending.offset)
        return [*copies_of(self.overlay.record(at).profile, at[0], target, self.whole.dossiers.ties(at[0]), self.overlay.codec)]

    def released(self) -> list[Telling]:
        """Judge the records behind the cursor by the release, as far as the budget goes."""
        outputs: list[Telling] = []
        if self.clock.cursor is None:
            return outputs
        cursor: bytes | None = self.clock.cursor
        for prefix in self.overlay.state.behind(self.clock.cursor):
            if self.budget <= 0:
                break
            subject, record = keys.unpack(prefix)
            if holds_records(record):
                self.budget -= 1
                outputs += self.settle((subject, record))
            cursor = prefix
        else:
            cursor = None
        self.clock = replace(self.clock, cursor=cursor)
        return outputs

    def closing(self) -> list[Telling]:
        """What `changes` are told when all that a tick moved has been: behind its steps, the tick."""
        applied = min(self.clock.tick, self.clock.swept)
        if applied <= self.clock.applied:
            return []
        self.clock = replace(self.clock, applied=applied)
        value = wire.encode_time(self.overlay.codec, Tick(applied, self.partition))
        return [Output(CHANGES, keys.pack(CLOCK, str(self.partition)), value, partition=self.partition)]

    def registers(self) -> dict[bytes, bytes | None]:
        """All that the chunk has written: records, sheets, and the clock where it has moved."""
        written = {**self.overlay.registers(), **self.whole.dossiers.registers()}
        self.clock = replace(self.clock, touched=tuple(map(sealed, self.waiting)))
        if self.clock == self.committed:
            return written
        return {**written, clock_key(self.partition): wire.encode_clock(self.overlay.codec, self.clock)}

    def before(self, known: Known) -> View | None:
        """A record as it was told last; None before its first step."""
        if not known.profile:
            return None
        if known.view is not None:
            return known.view
        if known.stand is not None and known.stand.standing is Standing.MOVED:
            return absent(tuple(known.profile.values()), self.clock.day)
        told = together(known.profile, known.counted) if known.linked else known.profile
        registers = tuple(told.values())
        if known.stand is None:
            return view(registers, self.clock.day, rules=self.rules, read=self.read, weigh=self.whole.weigh)
        return recalled(registers, self.clock.day, known.stand, known.counted, read=self.read)

    def _wake(self) -> int:
        """The day of the next entry, stored or made by this chunk."""
        if self.coming is None:
            self.coming = self.overlay.state.waking()
        if self.ahead is None:
            self.ahead = next(self.coming, (wire.NEVER, b""))
        return min(self.ahead[0], self.overlay.next_wake)

    def _take(self) -> At | None:
        """The record of that entry; None where it has another wake day by now, under which it is found again."""
        wake = self._wake()
        if self.ahead is None or wake == self.overlay.next_wake:
            return self.overlay.next_woken()
        (_, prefix), self.ahead = self.ahead, None
        subject, record = keys.unpack(prefix)
        if not holds_records(record):
            return None
        stand = self.overlay.record((subject, record)).stand
        return (subject, record) if stand is None or stand.wake == wake else None

    def _woken(self, at: At) -> list[Telling]:
        stand = self.overlay.record(at).stand
        day = self.clock.day if stand is None or stand.wake is None else stand.wake
        return self._judged(at, day, keys.derived_id("tick", day), start_of(day))

    def _rejudged(self, at: At) -> list[Telling]:
        clock = self.clock
        cause = keys.derived_id("release", clock.release, self.partition, clock.released)
        return self._judged(at, clock.day, cause, clock.released_at, clock.released)

    def _judged(self, at: At, day: int, cause: str, known_at: int, origin: int | None = None) -> list[Telling]:
        known, why = self.overlay.record(at), Cause(cause, known_at)
        ties = self.whole.dossiers.ties(at[0])
        before, now = self.before(known), counted(at[0], known.profile, ties)
        # Only a link changes who speaks for a record without an event on it.
        shifted = before is not None and before.elected.claims(now.elected)
        touches = self.whole.shift(at, before.elected if before else None, now.elected, ties.code) if shifted and ties else []
        after = now.view(day, rules=self.rules, read=self.read, weigh=self.whole.weigh)
        self.overlay.write(at, known.profile, after)
        outputs: list[Telling] = []
        place = Place(self.partition, self.clock.origin if origin is None else origin)
        if before is not None and moved(before, after):
            pv = self.overlay.next_pv(at[0])
            step = step_of(place, after.elected.lead, kind_in_time(before, after), before, after, known.profile, pv)
            outputs.append(Step(in_time(step, cause, known_at)))
        outputs += self.whole.answers.of_record(at, known, after.failures, self.whole.dossiers, why)
        return outputs + (self._shifted(at, before, after, touches, why, place) if shifted else [])

    def _shifted(self, at: At, before: View | None, after: View, touches: list[Touch], why: Cause, place: Place) -> list[Telling]:
        known, outputs, ties = self.overlay.record(at), list[Telling](), self.whole.dossiers.ties(at[0])
        step = step_of(place, after.elected.lead, Kind.CHANGED, before, after, known.profile, None)
        name = keys.derived_id(why.id, *at)
        for attributes, findings in self.whole.attributed(name, ties.code if ties else "", why, self.overlay, step):
            outputs += [] if attributes is None else [Step(attributes)]
            outputs += findings
        # Under a cause of their own: a record that this one moved already may move again because of it.
        self.waiting += (Pending(touch, name, why.at, place.offset) for touch in touches)
        return outputs


def timeline(
    overlay: Overlay, partition: int, *, rules: Rules, read: Read, whole: Whole, release: str, budget: int, writes: bool
) -> Timeline:
    """The time of a partition as it was committed."""
    clock = clock_of(overlay.state, partition, overlay.codec)
    waiting = deque(map(unsealed, clock.touched))
    return Timeline(overlay, partition, rules, read, whole, release, budget, clock, clock, waiting, writes)
