"""What a change of a subject's sheet still has to be judged for: kept in the clock of the partition, done in slices."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from databus.profile.dossier import Dossiers, Touch


@dataclass(frozen=True, slots=True)
class Pending:
    """A touch, and the event that made it: id, when it was known (milliseconds), its offset. Records up to `cursor` are judged."""

    touch: Touch
    cause: str
    at: int
    offset: int
    cursor: str = ""

    def members(self, dossiers: Dossiers) -> list[str]:
        """The records it concerns that are still to be judged, in order."""
        touch = self.touch
        found = dossiers.members(touch.subject, touch.group)
        chosen = (record for record, told in found.items() if record > self.cursor and _meant(touch, told))
        return sorted(chosen)


def _meant(touch: Touch, told: object) -> bool:
    if touch.role:
        return isinstance(told, list) and told[0] == touch.role
    return touch.after is None or (isinstance(told, int) and told > touch.after)


def sealed(pending: Pending) -> bytes:
    """As the clock keeps it."""
    touch = pending.touch
    return orjson.dumps([touch.subject, touch.group, touch.after, touch.role, pending.cause, pending.at, pending.offset, pending.cursor])


def unsealed(data: bytes) -> Pending:
    """As it was."""
    subject, group, after, role, cause, at, offset, cursor = orjson.loads(data)
    return Pending(Touch(subject, group, after, role), cause, at, offset, cursor)
