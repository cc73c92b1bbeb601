"""Plans: decisions compiled once per caller, purpose and relation, and bounded in time (design 9)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from databus.contract.catalogue import Contract
from databus.contract.fields import Field
from databus.errors import PolicyUnavailable
from databus.model.disclosure import Caller, Disclosed, Permit, Plan, Question
from databus.model.labels import LabelClass
from databus.policy import redaction
from databus.policy.question import as_input, digest
from databus.ports import Clock, Decider

SHANGHAI = ZoneInfo("Asia/Shanghai")

_PLANS_AT_ONCE = 4096
# A record of a class not seen before is left out for so long at most.
_LOOK_EVERY = timedelta(seconds=0.5)

_Key = tuple[Caller, str, str, Permit | None, date]


@dataclass(slots=True)
class _Place:
    lock: asyncio.Lock
    plan: Plan | None = None


class Plans:
    """`ports.Planner` over a decider.

    `classes` tells the label classes that occur, `possible` are those that can, `seconds` is the longest life of a plan.
    `observe` is told of each answer whether it was at hand and how long it took (seconds).
    """

    def __init__(
        self,
        decider: Decider,
        *,
        classes: Callable[[], Awaitable[tuple[LabelClass, ...]]],
        contract: Contract,
        clock: Clock,
        seconds: float,
        possible: tuple[LabelClass, ...] = (),
        observe: Callable[[bool, float], None] | None = None,
    ) -> None:
        self._decider = decider
        self._classes = classes
        self._contract = contract
        self._clock = clock
        self._possible = {known.class_id: known for known in possible}
        self._life = timedelta(seconds=seconds)
        self._observe = observe or (lambda _cached, _seconds: None)
        self._places: dict[_Key, _Place] = {}
        self._known: tuple[datetime, tuple[LabelClass, ...]] | None = None

    async def plan(self, caller: Caller, *, purpose: str, relation: str, permit: Permit | None) -> Plan:
        """The plan in force (ports.Planner). It covers every class that occurs now; while OPA is away, those it knew.

        Raises:
            PolicyUnavailable: OPA is away and no unexpired plan is at hand.
        """
        began = time.perf_counter()
        now = self._clock().astimezone(SHANGHAI)
        classes = await self._occurring(now)
        place = self._place((caller, purpose, relation, permit, now.date()), now)
        async with place.lock:
            held = place.plan if place.plan is not None and now < place.plan.expires_at else None
            if held is not None and (classes is held.question.classes or set(classes) <= set(held.question.classes)):
                self._observe(True, time.perf_counter() - began)
                return held
            try:
                place.plan = await self._decide(Question(caller, purpose, relation, permit, now.date(), classes), now)
            except PolicyUnavailable:
                if held is None:
                    raise
                return held
            self._observe(False, time.perf_counter() - began)
            return place.plan

    def redact(self, plan: Plan, class_id: int, payload: Mapping[str, Any]) -> Disclosed:
        """One record cut by the plan (ports.Planner)."""
        return redaction.redact(plan, class_id, payload)

    async def _occurring(self, now: datetime) -> tuple[LabelClass, ...]:
        if self._known is None or not self._known[0] <= now < self._known[0] + _LOOK_EVERY:
            found = tuple((self._possible | {known.class_id: known for known in await self._classes()}).values())
            # The same classes stay the same object, so that the usual comparison is one of identity.
            self._known = (now, self._known[1] if self._known is not None and self._known[1] == found else found)
        return self._known[1]

    async def _decide(self, question: Question, now: datetime) -> Plan:
        revision, verdicts = await self._decider.decide(question)
        fitted = {known.class_id: redaction.fit(verdicts[known.class_id], self._fields(known.record_type)) for known in question.classes}
        end = expiry(now, life=self._life, permit=question.permit)
        return Plan(digest(as_input(question), revision), revision, question, fitted, end, tuple(self._possible))

    def _fields(self, record_type: str) -> Mapping[str, Field] | None:
        known = self._contract.types.get(record_type)
        return None if known is None else known.leaves

    def _place(self, key: _Key, now: datetime) -> _Place:
        if key not in self._places and len(self._places) >= _PLANS_AT_ONCE:
            self._places = {old: place for old, place in self._places.items() if place.lock.locked() or _alive(place.plan, now)}
            if len(self._places) >= _PLANS_AT_ONCE:
                self._places.pop(next(iter(self._places)))
        return self._places.setdefault(key, _Place(asyncio.Lock()))


def expiry(now: datetime, *, life: timedelta, permit: Permit | None) -> datetime:
    """The earliest of the plan's longest life, the end of the permit's last day, and midnight, all in Asia/Shanghai."""
    here = now.astimezone(SHANGHAI)
    ends = [here + life, _midnight_after(here.date())]
    if permit is not None:
        ends.append(_midnight_after(permit.valid_to))
    return min(ends)


def _midnight_after(day: date) -> datetime:
    # date.max has no day after it; a permit without an end is written that way.
    if day == date.max:
        return datetime.max.replace(tzinfo=SHANGHAI)
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), SHANGHAI)


def _alive(plan: Plan | None, now: datetime) -> bool:
    return plan is not None and now < plan.expires_at
