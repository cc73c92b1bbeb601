"""What the partitions that are ours still owe, and what is noted beside their offsets, between one commit and the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from databus.bus import truncation
from databus.bus.address import BusAddress
from databus.bus.ledger import Chunk, Place
from databus.bus.notes import Note, note
from databus.bus.truncation import Duty
from databus.model.chunk import Record


class Duties:
    """`roll_seconds` is `segment.ms` of the inboxes."""

    def __init__(self, address: BusAddress, *, roll_seconds: float) -> None:
        self._address, self._roll_seconds = address, roll_seconds
        self._notes: dict[Place, Note] = {}

    async def take_over(self, committed: Mapping[Place, tuple[int, str]]) -> None:
        """After a rebalance: what is noted beside the committed offsets, and do what it asks again; safe to repeat."""
        self._notes = {place: note(metadata, at) for place, (at, metadata) in committed.items()}
        if standing := self._standing(self._notes):
            await truncation.delete(self._address, standing)

    def noted(self, place: Place, at: int) -> Note:
        """What stands beside the committed offset of a partition; where nothing is committed, counting begins at `at`."""
        return self._notes.get(place, Note(at))

    def due(self, now: int) -> list[tuple[Place, Note]]:
        """Whose segment is to be closed at that instant (milliseconds)."""
        return [(place, noted) for place, noted in self._notes.items() if noted.duty is not None and noted.duty.due(now)]

    def submissions(self, chunk: Chunk) -> list[Record]:
        """What of a chunk is to be judged: everything but our own markers."""
        return truncation.submissions(self.noted(chunk.place, chunk.start).duty, chunk.records)

    def after(self, chunk: Chunk, unreadable: Sequence[tuple[str, int, int]]) -> Note:
        """What is to be noted with the commit of a chunk.

        Raises:
            ValueError: one of those that must not stay readable is not of the chunk.
        """
        gone, noted = truncation.offsets_of(self._address, chunk, unreadable), self.noted(chunk.place, chunk.start)
        empty = noted.empty + chunk.following - chunk.start - len(self.submissions(chunk))
        return Note(noted.since, empty, truncation.after(noted.duty, chunk.records, gone, roll_seconds=self._roll_seconds))

    async def undertake(self, due: Mapping[Place, Note]) -> None:
        """What the commit of these partitions has promised."""
        fresh = {place: told for place, told in due.items() if told.duty != self._notes.get(place, Note()).duty}
        self._notes.update(due)
        if standing := self._standing(fresh):
            await truncation.delete(self._address, standing)

    def mark(self, place: Place, noted: Note) -> None:
        """The marker of its segment is in the log, and this beside the commit."""
        self._notes[place] = noted

    @staticmethod
    def _standing(notes: Mapping[Place, Note]) -> dict[Place, Duty]:
        return {place: noted.duty for place, noted in notes.items() if noted.duty is not None}
