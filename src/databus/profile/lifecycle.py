"""The rule sets as standing asks them: a phase of the content on a day, and when it ends (domain 2.16)."""

from __future__ import annotations

from datetime import date, timedelta

from databus.contract.catalogue import Contract
from databus.contract.lifecycle import Lifecycle
from databus.contract.rules import RuleSets
from databus.model.labels import Standing
from databus.profile.standing import Phase, Rules, Stand, Submission

EPOCH = date(1970, 1, 1).toordinal()
LIGHT = "LIGHT"
_DAY = timedelta(days=1)


def rules_of(contract: Contract) -> Rules:
    """The rule sets of a contract, asked by record type, submission and day (since 1970-01-01)."""

    def rules(record_type: str, submission: Submission, day: int) -> Phase:
        return _phase(contract.rules, contract.record_type(record_type).lifecycle, submission, date.fromordinal(EPOCH + day))

    return rules


def _phase(rules: RuleSets, name: str, submission: Submission, day: date) -> Phase:
    life = rules.lifecycle(name, submission, day)
    first = _on(life, day)
    stand = Stand(first[0], _wake(rules, name, submission, day, life), life.rule, first[1])
    return Phase(stand, None if life.min_until is None else _number(life.min_until + _DAY), _regraded(rules, name, submission, day, life))


def _regraded(rules: RuleSets, name: str, submission: Submission, day: date, life: Lifecycle) -> int | None:
    # What has ended keeps its flags, and they come from its severity alone.
    switch = rules.next_switch(day) if life.severity else None
    while switch is not None:
        if rules.on(switch).severity(name, submission) != life.severity:
            return _number(switch)
        switch = rules.next_switch(switch)
    return None


def _wake(rules: RuleSets, name: str, submission: Submission, day: date, life: Lifecycle) -> int | None:
    # A switch of rule sets is a wake day for those it moves or puts under another rule; behind it the new set's days count.
    now, at = _told(life, day), day
    switch = rules.next_switch(at)
    while True:
        ahead = [coming for coming in (_after(life.shown_until), life.archived_from, switch) if coming is not None and coming > at]
        if not ahead:
            return None
        at = min(ahead)
        if at == switch:
            life, switch = rules.lifecycle(name, submission, at), rules.next_switch(at)
        if _told(life, at) != now:
            return _number(at)


def _told(life: Lifecycle, day: date) -> tuple[object, ...]:
    return *_on(life, day), life.rule, life.min_until


def _on(life: Lifecycle, day: date) -> tuple[Standing, tuple[str, ...]]:
    flags = (LIGHT.lower(),) if life.severity == LIGHT else ()
    if life.archived_from is not None and day >= life.archived_from:
        return Standing.ARCHIVED, flags
    if not life.publish or (life.shown_until is not None and day > life.shown_until):
        return Standing.HIDDEN, flags
    return Standing.SHOWN, flags


def _after(day: date | None) -> date | None:
    return None if day is None or day == date.max else day + _DAY


def _number(day: date) -> int:
    return day.toordinal() - EPOCH
