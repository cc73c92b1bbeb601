"""What is noted beside a committed offset, where nothing can separate it from the commit."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace

from databus.bus.truncation import Duty


@dataclass(frozen=True, slots=True)
class Note:
    """`empty` of the offsets from `since` to the commit held nothing that was to be judged: ends of transactions, what was aborted,
    our own markers. Of those before nobody has counted. `duty` is what is still to be deleted."""

    since: int = 0
    empty: int = 0
    duty: Duty | None = None

    def marked(self) -> Note:
        """After the marker of its segment was appended."""
        return replace(self, duty=self.duty and self.duty.marked())

    def metadata(self) -> str:
        """As it stands in the committed offset."""
        told = {"empty": [self.since, self.empty]}
        if self.duty is not None:
            told["unreadable"] = [self.duty.until, self.duty.roll_at, self.duty.ahead]
        return json.dumps(told)


def note(metadata: str, committed: int) -> Note:
    """The note beside the offset `committed`; other people's metadata is none, and counting begins there."""
    told, due, counted = {}, None, (committed, 0)
    with suppress(ValueError):
        told = json.loads(metadata)
    with suppress(ValueError, TypeError, KeyError):
        until, roll_at, ahead = told["unreadable"]
        due = Duty(int(until), int(roll_at), int(ahead))
    with suppress(ValueError, TypeError, KeyError):
        since, empty = told["empty"]
        counted = int(since), int(empty)
    return Note(*counted, due)
