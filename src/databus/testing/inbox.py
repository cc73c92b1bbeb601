"""Inboxes in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from databus.bus.journal import Entry, Place
from databus.bus.lookup import Places
from databus.bus.partition import partition
from databus.errors import BusUnavailable
from databus.model.chunk import Record

PARTITIONS = 3


@dataclass
class MemoryInbox:
    """As `bus.journal.Journal.append_all`. `at` is the broker's time (milliseconds); while `away` nothing is taken."""

    at: int = 1_795_400_000_000
    away: bool = False
    taken: dict[tuple[str, int], list[Entry]] = field(default_factory=dict)

    async def append_all(self, topic: str, entries: Sequence[Entry]) -> tuple[Place, ...]:
        """See there."""
        if self.away:
            raise BusUnavailable("away")
        return tuple(self._append(topic, entry) for entry in entries)

    def of(self, topic: str) -> list[Entry]:
        """Everything of a topic, by partition."""
        return [entry for (name, _), entries in sorted(self.taken.items()) if name == topic for entry in entries]

    async def read(self, topic: str, wanted: Places) -> dict[tuple[int, int], Record]:
        """As `bus.lookup.read_many`."""
        found = {}
        for number, offsets in wanted.items():
            log = self.taken.get((topic, number), [])
            for offset in offsets:
                if offset < len(log):
                    entry = log[offset]
                    found[number, offset] = Record(topic, number, offset, self.at, entry.key, entry.value, entry.headers)
        return found

    def _append(self, topic: str, entry: Entry) -> Place:
        number = partition(entry.key or b"", PARTITIONS)
        log = self.taken.setdefault((topic, number), [])
        log.append(entry)
        return Place(topic, number, len(log) - 1, self.at)
