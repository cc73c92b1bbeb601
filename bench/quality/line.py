"""Checker and profiler over all rows, in the order of their days, as the processes run them; what they find."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from bench.quality.row import Fault, Row
from databus.bus.partition import partition
from databus.bus.registers import Registers
from databus.contract import wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model.change import Kind
from databus.model.chunk import Duty, Outcome, Output, Processor, Record
from databus.model.clock import Tick, day_at
from databus.profile import profiler
from databus.quality import checker

EVENTS, CHUNK, PARTITIONS = "events", 2_000, 12
COUNTED: Fault = ("DQ-UNI-01", "")
"""An exact duplicate is counted, not told."""

Found = tuple[str, str, str]
"""Submission id, rule, field."""


def found(
    rows: Sequence[Row], contract: Contract, codec: Codec, *, until: date, done: Callable[[int], None] = lambda count: None
) -> set[Found]:
    """Everything that is found of these rows, up to the end of a day."""
    told: set[Found] = set()
    lying: dict[int, list[Record]] = defaultdict(list)
    check = checker.processor(contract, codec, platform_key=b"p" * 32, quarantine_key=b"q" * 32, told_time=False)
    for chunk in _inboxes(rows, codec):
        outputs = check(chunk, Registers()).outputs
        told |= _findings(outputs, codec)
        for output in outputs:
            if output.topic == EVENTS:
                part = partition(output.route or b"", PARTITIONS)
                lying[part].append(Record(EVENTS, part, len(lying[part]), chunk[-1].timestamp, output.key, output.value, output.headers))
        done(len(chunk))
    last = day_at(max(row.told for row in rows)) + (until - max(row.day for row in rows)).days
    fold, owed = profiler.processor(contract, codec), profiler.duty(contract, codec)
    states = defaultdict[int, Registers](Registers)
    for part, records in lying.items():
        records.append(Record(EVENTS, part, len(records), records[-1].timestamp, None, wire.encode_time(codec, Tick(last, part))))
    # What is told on along a link comes in behind.
    while lying:
        coming: dict[int, list[Record]] = defaultdict(list)
        for part, records in sorted(lying.items()):
            told |= _folded(records, states[part], fold, owed, codec, coming)
        lying = coming
    return told


def _inboxes(rows: Sequence[Row], codec: Codec) -> Iterator[list[Record]]:
    """The records of the inboxes, a chunk of one inbox at a time, in the order of their times."""
    ends: Counter[str] = Counter()
    waiting: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        sent, topic = row.submission(codec), f"in.{row.department}"
        waiting[topic].append(Record(topic, 0, ends[topic], row.told, sent.key, sent.value, sent.headers))
        ends[topic] += 1
        # All inboxes move on together, so that events come in the order of their days.
        if sum(map(len, waiting.values())) >= CHUNK:
            yield from waiting.values()
            waiting = defaultdict(list)
    yield from waiting.values()


def _folded(
    records: Sequence[Record], state: Registers, fold: Processor, owed: Duty, codec: Codec, coming: dict[int, list[Record]]
) -> set[Found]:
    told = set[Found]()
    for outcome in _outcomes(records, state, fold, owed):
        for output in outcome.outputs:
            if output.topic == EVENTS and output.partition is None:
                part = partition(output.route or b"", PARTITIONS)
                coming[part].append(Record(EVENTS, part, 0, records[-1].timestamp, output.key, output.value))
        told |= _findings(outcome.outputs, codec)
        changes = (output.value for output in outcome.outputs if output.topic == "changes" and output.value)
        steps = (wire.decode_change(codec, value) for value in changes if codec.name(value) == "databus.Change")
        told |= {(step.submission_id, *COUNTED) for step in steps if step.kind is Kind.DUPLICATE and not step.duplicate_of}
    return told


def _outcomes(records: Sequence[Record], state: Registers, fold: Processor, owed: Duty) -> Iterator[Outcome]:
    """Of every chunk, and of what a sweep leaves for the quiet behind it."""
    for at in range(0, len(records), CHUNK):
        outcome: Outcome | None = fold(records[at : at + CHUNK], state)
        while outcome is not None:
            state.apply(outcome.registers)
            yield outcome
            outcome = owed(records[0].partition, state, 0, 0.0)


def _findings(outputs: Iterable[Output], codec: Codec) -> set[Found]:
    values = (output.value for output in outputs if output.topic == "findings")
    return {(one.submission_id, one.rule, one.field) for one in wire.issued(codec, values)}
