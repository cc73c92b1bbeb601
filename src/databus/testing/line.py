"""The bus in memory: topics as lists, and the batch driver as one call. With the processors it is the whole line without engines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from databus.bus.partition import partition
from databus.bus.topics import table
from databus.model.chunk import Output, Processor, Record
from databus.testing.events import MemoryState


class MemoryBus:
    """Every topic of design 6 for these departments. What is written is appended at `now`, as the broker's clock would say."""

    def __init__(self, departments: Iterable[str], *, now: datetime) -> None:
        self.now = now
        self._logs: dict[str, list[list[Record]]] = {topic.name: [[] for _ in range(topic.partitions)] for topic in table(departments)}
        self._taken: dict[tuple[str, int], int] = defaultdict(int)
        self._states: dict[tuple[str, int], MemoryState] = defaultdict(MemoryState)
        self._unreadable: set[tuple[str, int, int]] = set()

    def append(self, output: Output) -> Record:
        """Write one record into the partition of its route, or else of its key."""
        parts = self._logs[output.topic]
        number = partition(output.route or output.key or b"", len(parts)) if output.partition is None else output.partition
        at = int(self.now.timestamp() * 1000)
        record = Record(output.topic, number, len(parts[number]), at, output.key, output.value, output.headers)
        parts[number].append(record)
        return record

    def read(self, topic: str) -> tuple[Record, ...]:
        """What of a topic is readable, partition by partition, in offset order."""
        records = (record for part in self._logs[topic] for record in part)
        return tuple(record for record in records if (record.topic, record.partition, record.offset) not in self._unreadable)

    def work(self, processor: Processor, topic: str) -> None:
        """Hand the processor what it has not yet taken of a topic, a chunk per partition, and write what it makes of each."""
        for number, part in enumerate(self._logs[topic]):
            chunk = part[self._taken[topic, number] :]
            if not chunk:
                continue
            state = self._states[topic, number]
            outcome = processor(chunk, state)
            for output in outcome.outputs:
                self.append(output)
            state.commit(outcome)
            self._unreadable |= set(outcome.unreadable)
            # What it wrote into this very partition comes next.
            self._taken[topic, number] += len(chunk)
