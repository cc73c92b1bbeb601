"""Reads of PUBLIC data, counted instead of recorded one by one (design 9). A kill may lose the last minute's count."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import Counter as Tally
from dataclasses import replace

from databus.errors import AuditUnavailable
from databus.model.disclosure import DecisionRecord
from databus.ports import Clock, Trail

FLUSH_SECONDS = 60.0

_KINDS_AT_ONCE = 10_000

_log = logging.getLogger(__name__)

_Kind = tuple[object, ...]


class Counter:
    """Counts per dataset (`action`) and caller, under one purpose, plan and reasons; `async with`, or `start` and `stop`."""

    def __init__(self, trail: Trail, *, clock: Clock, seconds: float = FLUSH_SECONDS) -> None:
        self._trail = trail
        self._clock = clock
        self._seconds = seconds
        self._counts: Tally[_Kind] = Tally()
        self._samples: dict[_Kind, DecisionRecord] = {}
        self._waiting: list[DecisionRecord] = []
        self._flushing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

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

    async def count(self, decision: DecisionRecord) -> None:
        """Add reads of public data: who asked for which dataset is kept, what the answer held is not.

        Raises:
            AuditUnavailable: there is no room to count more, and the trail takes no records.
        """
        kind = _kind(decision)
        self._samples.setdefault(kind, decision)
        self._counts[kind] += decision.count
        if len(self._counts) + len(self._waiting) >= _KINDS_AT_ONCE:
            await self.flush()

    async def flush(self) -> None:
        """Write every count as one record.

        Raises:
            AuditUnavailable: the trail takes no records; they wait under their ids, so that a repeat counts once.
        """
        async with self._flushing:
            counts, self._counts = self._counts, Tally()
            samples, self._samples = self._samples, {}
            at = int(self._clock().timestamp() * 1000)
            self._waiting += [_summed(samples[kind], number, at) for kind, number in counts.items()]
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
            _log.warning("counts of public reads wait", extra={"waiting": len(self._waiting), **error.facts})


def _kind(decision: DecisionRecord) -> _Kind:
    who = (decision.caller, decision.role, decision.organisation)
    return (
        *who,
        decision.action,
        decision.purpose,
        decision.relation,
        decision.outcome,
        decision.reasons,
        decision.plan_id,
        decision.revision,
    )


def _summed(sample: DecisionRecord, number: int, at: int) -> DecisionRecord:
    blank = replace(sample, request_id="", subject_key="", records=(), disclosed={}, withheld={})
    return replace(blank, decision_id=str(uuid.uuid4()), at=at, count=number)
