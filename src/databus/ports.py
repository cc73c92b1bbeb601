"""What a stage needs from a neighbour, as protocols. `bootstrap` gives the real thing, `testing` the shipped fake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

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
