"""The rule sets as standing asks them: a phase of the content on a day, and when it ends (domain 2.16)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from databus.contract.catalogue import Contract
from databus.contract.lifecycle import Lifecycle
from databus.contract.rules import Term
from databus.model.labels import Standing
from databus.profile.standing import Phase, Rules, Stand, Submission

EPOCH = date(1970, 1, 1).toordinal()
LIGHT = "LIGHT"
_NEVER = date.max.toordinal() - EPOCH + 1


class Span(NamedTuple):
    """What a rule set makes of a record; days are since 1970-01-01.

    It is in force from `since` on. `hidden` and `archived` are the first days on which the record is so, `repairable` the
    first on which a repair may end its publicity (None: any). `severity` is what the set says, whichever rule counts.
    """

    since: int
    severity: str
    life: Lifecycle
    hidden: int
    archived: int
    repairable: int | None

    def on(self, day: int) -> tuple[Standing, tuple[str, ...]]:
        """Standing and flags on a day."""
        flags = (LIGHT.lower(),) if self.life.severity == LIGHT else ()
        if day >= self.archived:
            return Standing.ARCHIVED, flags
        if not self.life.publish or day >= self.hidden:
            return Standing.HIDDEN, flags
        return Standing.SHOWN, flags

    def turns(self, day: int) -> int:
        """The first day behind this one on which its own days alone give another standing; `_NEVER` without one."""
        if day >= self.archived:
            return _NEVER
        return self.archived if not self.life.publish or day >= self.hidden else min(self.hidden, self.archived)

    def told(self, day: int) -> tuple[object, ...]:
        """All that is told of it on a day: another one wakes the record."""
        return *self.on(day), self.life.rule, self.life.min_until


def rules_of(contract: Contract) -> Rules:
    """The rule sets of a contract, asked by record type, submission and day (since 1970-01-01).

    What they say of a submission is kept: ask for others where other submissions begin, such as for each chunk.
    """
    known: dict[int, tuple[Submission, Sequence[Span]]] = {}

    def rules(record_type: str, submission: Submission, day: int) -> Phase:
        found = known.get(id(submission))
        if found is None:
            terms = contract.rules.terms(contract.record_type(record_type).lifecycle, submission)
            # With the submission itself: as long as it is held, nothing else has its id.
            found = known[id(submission)] = submission, [_span(term) for term in terms]
        return _phase(found[1], day)

    return rules


def _span(term: Term) -> Span:
    life = term.life
    return Span(
        since=_number(term.since),
        severity=term.severity,
        life=life,
        hidden=_NEVER if life.shown_until is None else _number(life.shown_until) + 1,
        archived=_NEVER if life.archived_from is None else _number(life.archived_from),
        repairable=None if life.min_until is None else _number(life.min_until) + 1,
    )


def _phase(spans: Sequence[Span], day: int) -> Phase:
    place = len(spans) - 1
    while place and spans[place].since > day:
        place -= 1
    span = spans[place]
    standing, flags = span.on(day)
    return Phase(Stand(standing, _wake(spans, place, day), span.life.rule, flags), span.repairable, _regraded(spans, place))


def _regraded(spans: Sequence[Span], place: int) -> int | None:
    # What has ended keeps its flags, and they come from its severity alone.
    severity = spans[place].life.severity
    if not severity:
        return None
    return next((span.since for span in spans[place + 1 :] if span.severity != severity), None)


def _wake(spans: Sequence[Span], place: int, day: int) -> int | None:
    # A switch of rule sets is a wake day for those it moves or puts under another rule; behind it the new set's days count.
    first, turn = spans[place], spans[place].turns(day)
    for span in spans[place + 1 :]:
        if turn < span.since:
            break
        if span.told(span.since) != first.told(day):
            return span.since
        turn = span.turns(span.since)
    return None if turn == _NEVER else turn


def _number(day: date) -> int:
    return day.toordinal() - EPOCH
