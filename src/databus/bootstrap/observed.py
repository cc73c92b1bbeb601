"""A trail whose records are counted by action and outcome once they are durable."""

from __future__ import annotations

from collections.abc import Sequence

from databus.model.disclosure import DecisionRecord
from databus.ports import Trail
from databus.telemetry import Metrics


class ObservedTrail:
    """`ports.Trail` around another one."""

    def __init__(self, trail: Trail, metrics: Metrics) -> None:
        self._trail = trail
        self._metrics = metrics

    async def record(self, decisions: Sequence[DecisionRecord]) -> None:
        """See `ports.Trail.record`; what is not durable is not counted."""
        await self._trail.record(decisions)
        for decision in decisions:
            self._metrics.disclosures.labels(decision.action, decision.outcome).inc(decision.count)
