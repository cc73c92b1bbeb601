"""What the stages would say of a submission that is not sent: the checker's own functions, the profiler's, and policy."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from databus.bus.registers import Registers
from databus.bus.topics import CHANGES, EVENTS, FINDINGS, inbox
from databus.contract import wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.http.foresight import Foreseen
from databus.department.submission import Submission
from databus.model.change import Change, Kind
from databus.model.chunk import Outcome, Processor, Record
from databus.model.disclosure import ClassPlan
from databus.model.event import Event
from databus.model.finding import Finding, Tracked
from databus.model.labels import LabelClass
from databus.policy.foresight import foreseen, readers
from databus.ports import Clock, Decider
from databus.profile import profiler
from databus.quality import checker
from databus.quality.shown import listed
from databus.store.present import At, Present

Standing = Callable[[Collection[tuple[str, str, str]]], Awaitable[Mapping[At, Present]]]
"""The records there are of these (record type, subject key, record key); see `store.present`."""


@dataclass(frozen=True)
class Foresight:
    """Asks each stage in turn. Originals are sealed under a key of this object's own: nothing of it is kept.

    Without `standing` nothing is told of the effect on profiles, without a decider nothing of readers.
    """

    contract: Contract
    codec: Codec
    standing: Standing | None
    decider: Decider | None
    clock: Clock
    check: Processor
    fold: Processor

    async def __call__(self, department: str, submissions: Sequence[Submission]) -> Sequence[Foreseen]:
        """See `department.http.foresight.Foresee`.

        Raises:
            StoreUnavailable, PolicyUnavailable: a part is away.
        """
        at = int(self.clock().timestamp() * 1000)
        chunk = [Record(inbox(department), 0, number, at, one.key, one.value, one.headers) for number, one in enumerate(submissions)]
        events, findings, steps = await asyncio.to_thread(self._judged, chunk)
        wanted = [(event.record_type, event.subject_key, event.record_key) for event in events.values()]
        standing = await self.standing(wanted) if self.standing is not None else None
        seen = await self._seen(department, steps.values())
        return [
            self._one(findings.get(number, ()), events.get(number), steps.get(number, ()), standing, seen)
            for number in range(len(submissions))
        ]

    def _judged(self, chunk: Sequence[Record]) -> tuple[dict[int, Event], dict[int, list[Finding]], dict[int, tuple[Change, ...]]]:
        events, findings = self._checked(self.check(chunk, Registers()))
        return events, findings, {number: self._folded(event) for number, event in events.items()}

    def _checked(self, outcome: Outcome) -> tuple[dict[int, Event], dict[int, list[Finding]]]:
        events: dict[int, Event] = {}
        findings: dict[int, list[Finding]] = {}
        for output in outcome.outputs:
            if output.topic == EVENTS and output.value is not None:
                event = wire.decode_event(self.codec, output.value)
                if not event.original:
                    events[event.inbox_offset] = event
        # Beside findings there are the answers to those that a submission says it fixes.
        told = [one.value for one in outcome.outputs if one.topic == FINDINGS and one.value is not None]
        for finding in wire.issued(self.codec, told):
            findings.setdefault(finding.inbox_offset, []).append(finding)
        return events, findings

    def _folded(self, event: Event) -> tuple[Change, ...]:
        record = Record(EVENTS, 0, 0, event.known_at, event.subject_key.encode(), wire.encode_event(self.codec, event))
        outputs = self.fold([record], Registers()).outputs
        steps = [wire.decode_change(self.codec, one.value) for one in outputs if one.topic == CHANGES and one.value is not None]
        return tuple(one for one in steps if one.event_id == event.event_id)

    async def _seen(self, department: str, steps: Iterable[tuple[Change, ...]]) -> Mapping[str, Mapping[int, ClassPlan]] | None:
        if self.decider is None:
            return None
        classes = {label.class_id: label for made in steps if (label := _label(made)) is not None}
        if not classes:
            return {}
        asking, day = readers(department), self.clock().date()
        return await foreseen(tuple(classes.values()), asking, decider=self.decider, contract=self.contract, day=day)

    def _one(
        self,
        findings: Iterable[Finding],
        event: Event | None,
        steps: tuple[Change, ...],
        standing: Mapping[At, Present] | None,
        seen: Mapping[str, Mapping[int, ClassPlan]] | None,
    ) -> Foreseen:
        shown = tuple(listed([Tracked(one, None, None) for one in findings], self.contract))
        if event is None:
            return Foreseen(shown)
        label = _label(steps)
        return Foreseen(
            shown,
            event=event,
            content=self.codec.decode(event.body)[1],
            steps=steps,
            looked_up=standing is not None,
            present=(standing or {}).get((event.subject_key, event.record_key)),
            readers=None if seen is None else {} if label is None else {name: plans[label.class_id] for name, plans in seen.items()},
        )


def foresight(
    contract: Contract, codec: Codec, *, standing: Standing | None, decider: Decider | None, clock: Clock, platform_key: bytes | None = None
) -> Foresight:
    """The foresight of one process. Persons have keys nobody else can make, unless the platform's own is given: then they are
    found, and so is who has been guessed. What comes of that may be compared, never told."""
    check = checker.processor(
        contract,
        codec,
        platform_key=platform_key or secrets.token_bytes(32),
        quarantine_key=secrets.token_bytes(32),
        told_time=False,
    )
    return Foresight(contract, codec, standing, decider, clock, check, profiler.processor(contract, codec))


def _label(steps: tuple[Change, ...]) -> LabelClass | None:
    return next((one.label_class for one in steps if one.kind is not Kind.ATTRIBUTED), None)
