"""Which deletions the partitions that are ours still owe, between one commit and the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from databus.bus import truncation
from databus.bus.address import BusAddress
from databus.bus.ledger import Chunk, Place
from databus.bus.truncation import Duty
from databus.model.chunk import Record


class Duties:
    """`roll_seconds` is `segment.ms` of the inboxes."""

    def __init__(self, address: BusAddress, *, roll_seconds: float) -> None:
        self._address, self._roll_seconds = address, roll_seconds
        self._standing: dict[Place, Duty] = {}

    async def take_over(self, committed: Mapping[Place, tuple[int, str]]) -> None:
        """After a rebalance: what stands in the metadata of the committed offsets, and do it again; safe to repeat."""
        found = {place: truncation.duty(metadata) for place, (_, metadata) in committed.items()}
        self._standing = {place: due for place, due in found.items() if due is not None}
        if self._standing:
            await truncation.delete(self._address, self._standing)

    def standing(self, place: Place) -> Duty | None:
        """What a partition owes now."""
        return self._standing.get(place)

    def due(self, now: int) -> list[tuple[Place, Duty]]:
        """Whose segment is to be closed at that instant (milliseconds)."""
        return [(place, duty) for place, duty in self._standing.items() if duty.due(now)]

    def submissions(self, chunk: Chunk) -> list[Record]:
        """What of a chunk is to be judged: everything but our own markers."""
        return truncation.submissions(self._standing.get(chunk.place), chunk.records)

    def after(self, chunk: Chunk, unreadable: Sequence[tuple[str, int, int]]) -> Duty | None:
        """What its partition owes once the chunk is committed.

        Raises:
            ValueError: one of those that must not stay readable is not of the chunk.
        """
        gone = truncation.offsets_of(self._address, chunk, unreadable)
        return truncation.after(self._standing.get(chunk.place), chunk.records, gone, roll_seconds=self._roll_seconds)

    async def undertake(self, due: Mapping[Place, Duty | None]) -> None:
        """What the commit of these partitions has promised."""
        changed = {place: duty for place, duty in due.items() if duty != self._standing.get(place)}
        for place in changed:
            self._standing.pop(place, None)
        if fresh := {place: duty for place, duty in changed.items() if duty is not None}:
            await truncation.delete(self._address, fresh)
            self._standing.update(fresh)

    def marked(self, place: Place, duty: Duty) -> None:
        """Its marker is in the log, and this duty in the commit beside it."""
        self._standing[place] = duty
