"""The checks that need more than one event: other sources' copies, the subject's sheet, the licences a penalty takes (domain 5.1).

Pure: registers, sheet and day in, failures out. An H among them holds the record as long as it fails; nothing gates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from databus.contract.attributes import plain
from databus.model.clock import day_at
from databus.model.event import Event, Op
from databus.model.labels import Standing
from databus.model.nouns import dataclass
from databus.profile.charter import Charter
from databus.profile.claims import LICENCE, TAKES, Claim, identity_of
from databus.profile.dossier import Dossiers, doubtful
from databus.profile.election import Elected
from databus.profile.groups import NUMBER
from databus.profile.registers import REPAIR, source
from databus.profile.standing import Stand, Submission
from databus.profile.ties import led

GRACE = 30
"""Days an end may wait for its content before that is a finding (domain 4.7)."""
PENDING = "pending_identity"
"""Flag of a record whose subject is in doubt (domain 4.2, 8)."""

IDENTITY, CONFLICT, ENDED, TAKEN, UNFOUNDED = "DQ-CONS-01", "DQ-CONS-02", "DQ-CONS-03", "DQ-CONS-04", "DQ-CONS-05"
COPY, EQUIVOCAL, TARGET = "DQ-UNI-02", "DQ-UNI-03", "DQ-REF-01"
CLAIMED = "DQ-UNI-04"
_HOLDING = (IDENTITY, UNFOUNDED, TARGET, CLAIMED)
_EPOCH = 719_163


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed check. `event` is the one its department hears about; `about` tells apart failures of one rule."""

    rule: str
    event: Event
    field: str
    about: str = ""
    observed: str = ""
    expected: str = ""

    @property
    def key(self) -> str:
        """What a memo calls it: who is to mend it is part of it."""
        return f"{self.rule}|{self.field}|{source(self.event)}|{self.about}"


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the checks say of a record on a day, and the next day on which time alone may change that; `held` by what rule, where
    the finding is another profile's."""

    failures: tuple[Failure, ...] = ()
    wake: int | None = None
    held: str | None = None

    def stand(self, stand: Stand) -> Stand:
        """Where the record stands with that: held by an H, and awake on the checks' day too."""
        wake = stand.wake if self.wake is None else self.wake if stand.wake is None else min(self.wake, stand.wake)
        holding = self.held or next((failure.rule for failure in self.failures if failure.rule in _HOLDING), None)
        if holding is None or stand.standing not in (Standing.SHOWN, Standing.HIDDEN):
            return stand if wake == stand.wake else Stand(stand.standing, wake, stand.rule, stand.flags)
        flags = (*stand.flags, PENDING) if holding == IDENTITY else stand.flags
        return Stand(Standing.HELD, wake, holding, flags)


def weigh(elected: Elected, claim: Claim | None, submission: Submission | None, day: int, charter: Charter, dossiers: Dossiers) -> Weighed:
    """All checks of a record, whose claim this is, on a day (since 1970-01-01)."""
    if elected.deleted:
        return Weighed()
    if elected.content is None or submission is None:
        return _waiting(elected, day)
    content = elected.content
    failures = [_copy(copy, content) for copy in elected.copies]
    if not elected.based:
        failures.append(Failure(TARGET, content, "envelope.op", observed=content.op.value, expected=Op.UPSERT.value))
    unfounded = charter.unfounded
    if content.record_type == unfounded.record_type and unfounded.when(submission):
        failures.append(Failure(UNFOUNDED, content, unfounded.field))
    if content.link:
        return _mapped(content, failures, dossiers)
    if claim is None:
        return Weighed(tuple(failures))
    failures += _against_sheet(content, claim, submission["payload"], charter, dossiers)
    wake = _taken(content, claim, day, failures, charter, dossiers) if claim.numbers else None
    return Weighed(tuple(failures), wake)


def _mapped(content: Event, failures: list[Failure], dossiers: Dossiers) -> Weighed:
    # Each department hears of the map it sent: at the code it claims, where that one's own copy lies (domain 1.8, test 7).
    ties = dossiers.ties(content.subject_key)
    if ties is None or led(content, ties.leads()):
        return Weighed(tuple(failures))
    if content.subject_key == content.link[1]:
        others = " · ".join(ties.claimed(content.link[0], content.record_key))
        failures.append(Failure(CLAIMED, content, "", observed=content.record_key, expected=others))
    return Weighed(tuple(failures), held=CLAIMED)


def _waiting(elected: Elected, day: int) -> Weighed:
    failures, wakes = [], []
    for end in elected.ends:
        due = day_at(end.known_at) + GRACE
        if day < due:
            wakes.append(due)
        else:
            rule = UNFOUNDED if end.facet == REPAIR else TARGET
            failures.append(Failure(rule, end, "envelope.op", about=source(end), observed=end.op.value))
    return Weighed(tuple(failures), min(wakes, default=None))


def _copy(copy: Event, content: Event) -> Failure:
    return Failure(COPY, copy, "", about=source(copy), observed=source(copy), expected=f"{source(content)} {content.event_id}")


def _against_sheet(content: Event, claim: Claim, payload: Mapping[str, object], charter: Charter, dossiers: Dossiers) -> Iterator[Failure]:
    sheet = dossiers.sheet(content.subject_key)
    if sheet.authorities and not claim.authoritative:
        for attribute, value in identity_of(claim, charter):
            if doubtful(value, sheet.known(attribute)):
                field = charter.field(content.record_type, attribute)
                yield Failure(IDENTITY, content, field, observed=plain(payload.get(field)))
    end = sheet.end() if claim.day is not None and sheet.authorities else None
    if end is not None and claim.day is not None and claim.day > end:
        field = charter.decided[content.record_type]
        yield Failure(ENDED, content, field, observed=plain(payload.get(field)))


def _taken(content: Event, claim: Claim, day: int, failures: list[Failure], charter: Charter, dossiers: Dossiers) -> int | None:
    wakes = []
    for value, role, _ in claim.numbers:
        if role != TAKES:
            continue
        for record, (told, until) in dossiers.groups.members(content.subject_key, NUMBER + value):
            if told == LICENCE and until - _EPOCH >= day:
                failures.append(Failure(TAKEN, content, charter.takes.field, about=record, expected=record))
                wakes.append(until - _EPOCH + 1)
    return min(wakes, default=None)
