"""Decision records into the topic `decisions`: durable, or nothing leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from databus.contract.codec import Codec
from databus.contract.wire import encode_decision
from databus.errors import AuditUnavailable, BusUnavailable, NotAllowed, TooLarge
from databus.model.disclosure import DecisionRecord

TOPIC = "decisions"


class Appends(Protocol):
    """What the trail needs of `bus.journal.Journal`."""

    async def append(self, topic: str, key: bytes | None, value: bytes | None) -> object:
        """Durable when it returns."""
        ...


class Trail:
    """`ports.Trail` over a journal; the key is the caller, so that its decisions stay in order."""

    def __init__(self, journal: Appends, codec: Codec) -> None:
        self._journal = journal
        self._codec = codec

    async def record(self, decisions: Sequence[DecisionRecord]) -> None:
        """Make the records durable; the answer may leave once this returns (ports.Trail).

        Raises:
            AuditUnavailable: one of them is not known to be durable.
        """
        values = [encode_decision(self._codec, decision) for decision in decisions]
        try:
            async with asyncio.TaskGroup() as group:
                for decision, value in zip(decisions, values, strict=True):
                    group.create_task(self._append(decision.caller, value))
        except* (BusUnavailable, NotAllowed, TooLarge) as errors:
            cause = errors.exceptions[0]
            raise AuditUnavailable("The decision could not be recorded, so nothing is released.", cause=type(cause).__name__) from cause

    async def _append(self, caller: str, value: bytes) -> None:
        await self._journal.append(TOPIC, caller.encode(), value)
