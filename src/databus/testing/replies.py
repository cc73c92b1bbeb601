"""Kept replies in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from databus.store.replies import HELD, LIFE, Reply, Turn, busy, other


@dataclass
class _Row:
    fingerprint: bytes
    turn: Turn
    held_until: datetime
    expires_at: datetime
    answer: Reply | None = None


@dataclass
class MemoryReplies:
    """As `store.replies.Replies`."""

    rows: dict[tuple[str, str], _Row] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=count)

    async def begin(self, department: str, key: str, *, fingerprint: bytes, begun: int, now: datetime) -> Turn | Reply:
        """See there."""
        row = self.rows.get((department, key))
        if row is None or row.expires_at <= now:
            made = Turn(begun, str(next(self.numbers)))
            self.rows[department, key] = _Row(fingerprint, made, now + HELD, now + LIFE)
            return made
        if row.fingerprint != fingerprint:
            raise other()
        if row.answer is not None:
            return row.answer
        if row.held_until > now:
            raise busy()
        row.turn, row.held_until = Turn(row.turn.begun, str(next(self.numbers))), now + HELD
        return row.turn

    async def keep(self, department: str, key: str, turn: Turn, answer: Reply) -> None:
        """See there."""
        row = self.rows[department, key]
        if row.turn == turn and row.answer is None:
            row.answer = answer

    async def release(self, department: str, key: str, turn: Turn) -> None:
        """See there."""
        row = self.rows[department, key]
        if row.turn == turn and row.answer is None:
            row.held_until = datetime.min.replace(tzinfo=row.held_until.tzinfo)
