"""What a stage needs from a neighbour, as protocols. `bootstrap` gives the real thing, `testing` the shipped fake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from databus.model.count import Count
from databus.model.disclosure import Caller, ClassPlan, DecisionRecord, Disclosed, Permit, Plan, Question


class Clock(Protocol):
    """Tells the instant, with its time zone (Asia/Shanghai)."""

    def __call__(self) -> datetime: ...


class Decider(Protocol):
    """Answers a question per label class. The real one is OPA."""

    async def decide(self, question: Question) -> tuple[str, Mapping[int, ClassPlan]]:
        """The revision of the policy and one plan per class id.

        Raises:
            PolicyUnavailable: no answer, an undefined or an unexpected one. Nobody may read that as a yes.
        """
        ...


class Planner(Protocol):
    """Policy as the gateway sees it: plans, cached and bounded in time, and the cutting of records by them."""

    async def plan(self, caller: Caller, *, purpose: str, relation: str, permit: Permit | None) -> Plan:
        """The plan in force for this caller.

        Raises:
            PolicyUnavailable: OPA is away and no unexpired plan is at hand.
        """
        ...

    def redact(self, plan: Plan, class_id: int, payload: Mapping[str, Any]) -> Disclosed:
        """One record cut by the plan; nothing of it leaves if its class is not in the plan."""
        ...


class Trail(Protocol):
    """The audit trail: durable before anything is released."""

    async def record(self, decisions: Sequence[DecisionRecord]) -> None:
        """Make the records durable.

        Raises:
            AuditUnavailable: they are not; the answer must not leave.
        """
        ...


class Counts(Protocol):
    """What is counted in windows by all processes together. All of it raises StoreUnavailable where the store is away."""

    async def count(self, keys: Sequence[str], *, by: int, now: datetime, window: timedelta) -> Sequence[Count]:
        """Use `by` more of each of these different keys; what was used in the window, this included."""
        ...

    async def forget(self, key: str) -> None:
        """Nothing of a key has been used."""
        ...

    async def give_back(self, key: str, *, now: datetime) -> None:
        """One use of a key was none."""
        ...
