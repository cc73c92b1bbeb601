"""Reads of PUBLIC data, counted instead of recorded one by one (design 9). A kill may lose the last minute's count."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import Counter as Tally

from databus.errors import AuditUnavailable
from databus.model.disclosure import Caller, DecisionRecord
from databus.ports import Clock, Trail
from databus.telemetry import facts_of

FLUSH_SECONDS = 60.0

_log = logging.getLogger(__name__)


class Counter:
    """Call it with the dataset and the caller of each read; `async with`, or `start` and `stop`, flush it each minute."""

    def __init__(self, trail: Trail, *, clock: Clock, seconds: float = FLUSH_SECONDS) -> None:
        self._trail = trail
        self._clock = clock
        self._seconds = seconds
        self._counts: Tally[tuple[str, Caller]] = Tally()
        self._waiting: list[DecisionRecord] = []
        self._flushing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def __call__(self, dataset: str, caller: Caller) -> None:
        """Count one read."""
        self._counts[dataset, caller] += 1

    async def __aenter__(self) -> Counter:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Begin to flush every `seconds`."""
        self._task = asyncio.create_task(self._flush_for_ever())

    async def stop(self) -> None:
        """Flush what is counted and end; safe to repeat. A count that cannot be written is lost, and logged."""
        task, self._task = self._task, None
        if task is None:
            return
        async with self._flushing:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._try()

    async def flush(self) -> None:
        """Write every count as one record.

        Raises:
            AuditUnavailable: the trail takes no records; they wait under their ids, so that a repeat counts once.
        """
        async with self._flushing:
            counts, self._counts = self._counts, Tally()
            at = int(self._clock().timestamp() * 1000)
            self._waiting += [_record(dataset, caller, number, at) for (dataset, caller), number in counts.items()]
            if self._waiting:
                await self._trail.record(self._waiting)
                self._waiting = []

    async def _flush_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            await self._try()

    async def _try(self) -> None:
        try:
            await self.flush()
        except AuditUnavailable as error:
            _log.warning("counts of public reads wait", extra={"waiting": len(self._waiting), **facts_of(error)})


def _record(dataset: str, caller: Caller, number: int, at: int) -> DecisionRecord:
    return DecisionRecord(
        decision_id=str(uuid.uuid4()),
        at=at,
        request_id="",
        caller=caller.name,
        role=caller.role.value,
        organisation=caller.organisation,
        purpose="",
        relation="none",
        permit_id="",
        action=f"COUNT {dataset}",
        subject_key="",
        outcome="ALLOW",
        reasons=("OK_PUBLIC",),
        records=(),
        disclosed={},
        withheld={},
        plan_id="",
        revision="",
        count=number,
    )
