"""What has been handed out and what is done, per partition. Pure: the rules that keep a record from being lost or taken twice.

Faust may drop a queued event (it clears queues on a rebalance) or deliver one that an earlier seek has overtaken. Each
chunk therefore names the offset it begins at; a chunk is worked on only if it continues exactly where the last one ended.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from databus.errors import DataUnusable
from databus.model.chunk import Record


class Place(NamedTuple):
    """A partition by the broker's name of its topic. Equal to Faust's TP and aiokafka's TopicPartition, tuples too."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records of one partition; `start` is the first offset it stands for, `following` the offset to commit.

    `epoch` counts the seeks: a chunk of an older one has been or will be read again.
    """

    place: Place
    records: tuple[Record, ...]
    start: int
    following: int
    epoch: int

    def __str__(self) -> str:
        return f"{self.place.topic}[{self.place.partition}] from {self.start}"


Lot = tuple[Chunk, ...]
"""What is handed out at once: chunks of one epoch, each of another partition."""


class ChainBroken(Exception):
    """A chunk does not continue the one before: the process must end and begin again from what is committed."""


class Ledger:
    """The next offset due per partition, and the epoch."""

    def __init__(self) -> None:
        self.epoch = 0
        self._due: dict[Place, int] = {}

    def invalidate(self) -> None:
        """From now on nothing handed out so far counts."""
        self.epoch += 1
        self._due.clear()

    def begin(self, positions: Mapping[Place, int]) -> None:
        """Hand out from these positions on."""
        self.invalidate()
        self._due.update(positions)

    @property
    def begun(self) -> bool:
        """False between `invalidate` and `begin`, and while no partition is ours: nothing can be handed out that would be accepted."""
        return bool(self._due)

    def current(self, chunk: Chunk) -> bool:
        """False for a chunk handed out before the last seek: leave it."""
        return chunk.epoch == self.epoch

    def accept(self, chunk: Chunk) -> None:
        """Before work.

        Raises:
            ChainBroken: a chunk before this one went missing, or this one is a repeat.
        """
        due = self._due.get(chunk.place)
        if due != chunk.start:
            raise ChainBroken(f"{chunk.place.topic}[{chunk.place.partition}] is due at {due}, and a chunk from {chunk.start} came")

    def done(self, chunk: Chunk) -> None:
        """After its transaction."""
        self._due[chunk.place] = chunk.following

    def places(self) -> tuple[Place, ...]:
        """The partitions that are ours now."""
        return tuple(sorted(self._due))

    def due(self, place: Place) -> int | None:
        """The offset that comes next; None for a partition that is not ours now."""
        return self._due.get(place)


def where(committed: Mapping[Place, int], first: Mapping[Place, int], last: Mapping[Place, int]) -> dict[Place, int]:
    """Where to read each partition of `first` from: what the broker says is committed now, else its beginning.

    Never from memory: a refused commit once stayed there as if it had been accepted, and 4,577 records were skipped
    (engines 9.2.2).

    Raises:
        DataUnusable: a commit lies beyond the end of the log: the topic was made anew under an old group.
    """
    found = {}
    for place, beginning in first.items():
        at = committed.get(place, -1)
        if at > last[place]:
            raise DataUnusable(
                f"{place.topic}[{place.partition}] ends at {last[place]}, and {at} is committed: the topic was made anew. "
                "Delete the group's offsets, or restore the topic.",
                topic=place.topic,
                committed=at,
            )
        found[place] = max(at, beginning)
    return found


def lost(committed: Mapping[Place, int], first: Mapping[Place, int]) -> dict[Place, int]:
    """How many offsets each partition's retention has taken before they were read."""
    return {place: first[place] - at for place, at in committed.items() if 0 <= at < first.get(place, 0)}


def split(records: Sequence[Record], size: int) -> list[tuple[Record, ...]]:
    """Chunks of at most `size` records."""
    return [tuple(records[at : at + size]) for at in range(0, len(records), size)]


def lots(chunks: Iterable[Chunk], size: int) -> Iterator[Lot]:
    """The chunks in their order, as many together as have at most `size` records; one that has as many is alone."""
    lot: list[Chunk] = []
    for chunk in chunks:
        if lot and sum(len(one.records) for one in (*lot, chunk)) > size:
            yield tuple(lot)
            lot = []
        lot.append(chunk)
    if lot:
        yield tuple(lot)


def together(lot: Lot, transaction: Callable[[Chunk], Hashable]) -> list[Lot]:
    """The parts of a lot that go into one transaction each, in the order in which they begin."""
    parts: dict[Hashable, list[Chunk]] = {}
    for chunk in lot:
        parts.setdefault(transaction(chunk), []).append(chunk)
    return [tuple(part) for part in parts.values()]
