"""The topics of design 6 as data. Counts are fixed at creation: a key's partition is part of the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

EVENTS = "events"
CHANGES = "changes"
REGISTERS = "registers"
FINDINGS = "findings"
PERMITS = "permits"
DECISIONS = "decisions"
DELIVERIES = "deliveries"
AUDIT = "audit"
GENERATIONS = "generations"
SCHEMAS = "_schemas"

MARKER = "databus-marker"
"""Header of the empty record that rolls an inbox's segment after a deletion; it counts as no submission."""

INBOX_SEGMENT_MS = 3_600_000
EMBEDDED_INBOX_SEGMENT_MS = 10_000
INBOX_RECORD_BYTES = 1024 * 1024
RECORD_BYTES = 4 * 1024 * 1024
# Kafka limits the batch; a record of the full size has a batch header and its own framing around it.
_FRAMING_BYTES = 64 * 1024
_HOUR = 3_600_000
_DAY = 24 * _HOUR
_FOR_EVER = -1


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic by its bare name, with what differs from the broker's defaults."""

    name: str
    partitions: int
    configs: Mapping[str, str] = field(default_factory=dict)


def inbox(department: str) -> str:
    """The topic a department writes to."""
    return f"in.{department}"


def quarantine(department: str) -> str:
    """The topic that keeps a department's refused originals, encrypted."""
    return f"quarantine.{department}"


def table(departments: Iterable[str], *, inbox_segment_ms: int = INBOX_SEGMENT_MS, trail_ms: int = _FOR_EVER) -> tuple[Topic, ...]:
    """Every topic. `inbox_segment_ms` bounds how long a deleted secret stays on disk, `trail_ms` how long the trail is kept."""
    slugs = tuple(departments)
    return (
        *(_kept(inbox(slug), 3, 7 * _DAY, **_inbox(inbox_segment_ms)) for slug in slugs),
        *(_kept(quarantine(slug), 3, 30 * _DAY) for slug in slugs),
        # Within two days a tombstone has erased (design 6): 6 h to close the segment, 12 h to clean it, 24 h of tombstone.
        _compacted(EVENTS, 12, **{"segment.ms": 6 * _HOUR, "max.compaction.lag.ms": 12 * _HOUR, "delete.retention.ms": _DAY}),
        _kept(CHANGES, 12, 400 * _DAY),
        # Recovery reads all of it: closed and cleaned early it stays near one record per register.
        # What a DELETE reduced leaves with the old values, as soon as from `events`.
        _compacted(REGISTERS, 12, **{"segment.ms": _HOUR, "min.cleanable.dirty.ratio": "0.2", "max.compaction.lag.ms": 12 * _HOUR}),
        _kept(FINDINGS, 3, 400 * _DAY),
        _compacted(PERMITS, 1),
        _kept(DECISIONS, 3, trail_ms),
        _kept(DELIVERIES, 3, trail_ms),
        _kept(AUDIT, 1, _FOR_EVER),
        _compacted(SCHEMAS, 1),
        _compacted(GENERATIONS, 1),
    )


def _inbox(segment_ms: int) -> dict[str, object]:
    return {
        "message.timestamp.type": "LogAppendTime",
        "segment.ms": segment_ms,
        "max.message.bytes": INBOX_RECORD_BYTES,
        "file.delete.delay.ms": 1000,
    }


def _kept(name: str, partitions: int, retention_ms: int, **more: object) -> Topic:
    return _topic(name, partitions, **{"cleanup.policy": "delete", "retention.ms": retention_ms, **more})


def _compacted(name: str, partitions: int, **more: object) -> Topic:
    return _topic(name, partitions, **{"cleanup.policy": "compact", **more})


def _topic(name: str, partitions: int, **configs: object) -> Topic:
    whole = {"max.message.bytes": RECORD_BYTES + _FRAMING_BYTES, **configs}
    return Topic(name, partitions, {key: str(value) for key, value in whole.items()})
