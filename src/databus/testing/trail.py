"""The audit trail and the counter of public reads, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from databus.errors import AuditUnavailable
from databus.model.disclosure import Caller, DecisionRecord


@dataclass
class MemoryTrail:
    """`ports.Trail` over a list. `away` makes it fail as a lost Kafka does; `log` names what it did."""

    records: list[DecisionRecord] = field(default_factory=list)
    away: bool = False
    log: list[str] = field(default_factory=list)

    async def record(self, decisions: Sequence[DecisionRecord]) -> None:
        """Keep them."""
        self.log.append("record")
        if self.away:
            raise AuditUnavailable("the decision record could not be written")
        self.records.extend(decisions)


@dataclass
class Counter:
    """Counts reads of public data."""

    reads: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, dataset: str, caller: Caller) -> None:
        self.reads.append((dataset, caller.name))
