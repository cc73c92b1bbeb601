"""What a change of a subject's sheet still has to be judged for: kept in the clock of the partition, done in slices."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from databus.model import keys
from databus.model.nouns import dataclass
from databus.profile.dossier import Dossiers, Touch, holds_records
from databus.profile.groups import At
from databus.profile.overlay import Overlay


@dataclass(frozen=True, slots=True)
class Pending:
    """A touch, and the event that made it: id, when it was known (milliseconds), its offset. Records up to `cursor` are judged."""

    touch: Touch
    cause: str
    at: int
    offset: int
    cursor: str = ""

    def members(self, dossiers: Dossiers, overlay: Overlay) -> Iterator[str]:
        """The records it concerns that are still to be judged, in order, each asked for when it is wanted."""
        touch = self.touch
        if not touch.group:
            stored = {keys.unpack(prefix)[1] for prefix in overlay.state.of(touch.subject)}
            made = {record for record, known in overlay.subjects[touch.subject].items() if known.profile}
            yield from sorted(record for record in stored | made if record > self.cursor and holds_records(record))
            return
        found = dossiers.groups.members(touch.subject, touch.group, self.cursor)
        yield from (record for record, told in found if _meant(touch, told))

    def concerns(self, at: At, dossiers: Dossiers) -> bool:
        """True if a record is among them."""
        subject, record = at
        if subject != self.touch.subject or record <= self.cursor:
            return False
        return not self.touch.group or any(_meant(self.touch, told) for told in dossiers.groups.of(at, self.touch.group))


def _meant(touch: Touch, told: object) -> bool:
    if touch.role:
        return isinstance(told, list) and told[0] == touch.role
    return touch.after is None or (isinstance(told, int) and told > touch.after)


def sealed(pending: Pending) -> bytes:
    """As the clock keeps it."""
    touch = pending.touch
    told = [touch.subject, touch.group, touch.after, touch.role, pending.cause, pending.at, pending.offset, pending.cursor]
    return orjson.dumps([*told, touch.target] if touch.target else told)


def unsealed(data: bytes) -> Pending:
    """As it was."""
    subject, group, after, role, cause, at, offset, cursor, *target = orjson.loads(data)
    return Pending(Touch(subject, group, after, role, *target), cause, at, offset, cursor)
