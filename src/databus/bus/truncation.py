"""Making a refused secret unreadable at once, and gone from the disk soon, whatever crashes in between.

The duty is written where it cannot be separated from its cause: beside the offset that commits the chunk (`notes`).
Whoever owns the partition next reads it there and repeats the deletion, which is idempotent. It has three stages:

1. waiting: all below the secret is deleted; at `roll_at` a marker record is appended, which closes the segment;
2. `MARKED`: the marker is in the log; once everything before it is committed, all of that is deleted too, since Kafka
   removes only whole segments and the secret's may hold later submissions;
3. `CLOSED`: that last deletion is under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import OffsetOutOfRangeError

from databus.bus.address import BusAddress
from databus.bus.ledger import Chunk, Place
from databus.bus.topics import MARKER
from databus.model.chunk import Record

MARKER_HEADERS = ((MARKER, b"1"),)
MARKED = 0
CLOSED = -1


@dataclass(frozen=True, slots=True)
class Duty:
    """Delete below `until`. `roll_at` is when the marker is due (milliseconds), or a later stage.

    `ahead` counts the markers of ours that lie in the log and have not been read yet: two secrets on their way make two.
    """

    until: int
    roll_at: int
    ahead: int = 0

    def due(self, now: int) -> bool:
        """True if the marker is to be appended now."""
        return 0 < self.roll_at <= now

    def marked(self) -> Duty:
        """After the marker was appended."""
        return Duty(self.until, MARKED, self.ahead + 1)


def after(standing: Duty | None, records: Sequence[Record], unreadable: Sequence[int], *, roll_seconds: float) -> Duty | None:
    """The duty after a chunk, of which the offsets `unreadable` must go; `standing` is the one before it."""
    markers = own_markers(standing, records)
    ahead = standing.ahead - len(markers) if standing is not None else 0
    if unreadable:
        latest = max(record.timestamp for record in records)
        return Duty(max(unreadable) + 1, latest + int(roll_seconds * 1000) + 1, ahead)
    if standing is None or standing.roll_at == CLOSED:
        return None
    if standing.roll_at == MARKED and markers:
        # An earlier marker closes an earlier segment; the last one ends the duty.
        return Duty(markers[-1], MARKED if ahead else CLOSED, ahead)
    return replace(standing, ahead=ahead)


def own_markers(standing: Duty | None, records: Sequence[Record]) -> list[int]:
    """Offsets of the markers that we have written: as many as lie ahead. A department could append more, to be rid of what it sent."""
    looking = [record.offset for record in records if is_marker(record)]
    return looking[: standing.ahead] if standing is not None else []


def submissions(standing: Duty | None, records: Sequence[Record]) -> list[Record]:
    """What is to be judged: everything but our own markers."""
    markers = frozenset(own_markers(standing, records))
    return [record for record in records if record.offset not in markers]


def offsets_of(address: BusAddress, chunk: Chunk, unreadable: Sequence[tuple[str, int, int]]) -> list[int]:
    """The offsets a processor wants gone.

    Raises:
        ValueError: one of them is not of the chunk at hand.
    """
    for topic, partition, offset in unreadable:
        if Place(address.topic(topic), partition) != chunk.place or not chunk.start <= offset < chunk.following:
            raise ValueError(f"{topic}[{partition}] {offset} is not of the chunk at hand and cannot be made unreadable with it")
    return [offset for _, _, offset in unreadable]


def is_marker(record: Record) -> bool:
    """True for the empty record that closes a segment. One with a key or a value is a submission, whatever its headers."""
    return record.key is None and record.value is None and any(name == MARKER for name, _ in record.headers)


async def delete(address: BusAddress, duties: Mapping[Place, Duty]) -> None:
    """Make everything below each duty's offset unreadable; safe to repeat.

    Raises:
        KafkaError: the broker refused or is away; the duty stands.
    """
    admin: Any = AIOKafkaAdminClient(**address.client())
    await admin.start()
    try:
        for place, due in duties.items():
            # Out of range: retention or an earlier try has deleted further already.
            with suppress(OffsetOutOfRangeError):
                await admin.delete_records({TopicPartition(*place): RecordsToDelete(due.until)})
    finally:
        await admin.close()
