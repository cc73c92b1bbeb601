"""Making a refused secret unreadable, so that no crash can leave it readable.

The duty is written where it cannot be separated from its cause: into the metadata of the offset that commits the chunk.
Whoever owns the partition next reads it there and repeats the deletion, which is idempotent. The duty ends in the
transaction that appends the marker record; that append closes the segment on disk once `roll_seconds` have passed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import OffsetOutOfRangeError

from databus.bus.address import BusAddress
from databus.bus.ledger import Place
from databus.bus.topics import MARKER
from databus.model.chunk import Record

MARKER_HEADERS = ((MARKER, b"1"),)


@dataclass(frozen=True, slots=True)
class Duty:
    """Delete below `until`; append the marker at `roll_at` (milliseconds), when the segment may be closed."""

    until: int
    roll_at: int

    def metadata(self) -> str:
        """As it stands in the committed offset."""
        return json.dumps({"unreadable": [self.until, self.roll_at]})


def duty(metadata: str) -> Duty | None:
    """The duty in an offset's metadata, if any; other people's metadata is none."""
    with suppress(ValueError, TypeError, KeyError):
        until, roll_at = json.loads(metadata)["unreadable"]
        return Duty(int(until), int(roll_at))
    return None


def extended(standing: Duty | None, unreadable: Sequence[int], records: Sequence[Record], *, roll_seconds: float) -> Duty | None:
    """The duty after a chunk of which `unreadable` offsets must go; `standing` is the one there was."""
    if not unreadable:
        return standing
    latest = max((record.timestamp for record in records), default=int(time.time() * 1000))
    return Duty(max(*unreadable, standing.until - 1 if standing else -1) + 1, latest + int(roll_seconds * 1000) + 1)


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
