"""Who is in which group of a subject's records, as the chunk at hand sees it.

A group's members stand in entries of their own, one per record under `subject‖~group`: adding one writes one register,
and what changes with the group touches its members and nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge
from typing import Any

import orjson

from databus.contract.codec import Codec
from databus.contract.sheets import decode_sheet, encode_sheet
from databus.model import keys
from databus.model.chunk import State

GROUP, NUMBER = "~", "~#"
LINKS, WAY = "~link", "~@"
"""Groups of the records that are links, and of those that hold copies of one way."""
At = tuple[str, str]
"""Subject and record."""


@dataclass(slots=True)
class Groups:
    """What a chunk reads and writes of entries."""

    codec: Codec
    state: State
    entries: dict[bytes, dict[bytes, bytes | None]] = field(default_factory=dict)

    def members(self, subject: str, group: str, after: str = "") -> Iterator[tuple[str, Any]]:
        """The members of a group behind a record, in order, as the chunk has left them: record key and what its entry says.

        One by one, for a group may be of a hundred thousand and whoever asks want but the first of them.
        """
        prefix, behind = keys.pack(subject, group), after.encode()
        own = {keys.last(key, prefix): value for key, value in self.entries.get(prefix, {}).items()}
        stored = (name for name in self.state.members(prefix, behind) if name not in own)
        for name in merge(stored, sorted(name for name in own if name > behind)) if own else stored:
            value = own[name] if name in own else self.state.get(keys.under(prefix, name))
            if value is not None:
                yield name.decode(), self._told(value)

    def of(self, at: At, group: str) -> tuple[Any, ...]:
        """What its entry says of one record; nothing where it is no member."""
        subject, record = at
        key, made = keys.pack(subject, group, record), self.entries.get(keys.pack(subject, group), {})
        value = made[key] if key in made else self.state.get(key)
        return () if value is None else (self._told(value),)

    def put(self, subject: str, group: str, record: str, told: Any) -> None:
        """Put a record into a group, or say something else of it there."""
        self._write(subject, group, record, encode_sheet(self.codec, orjson.dumps(told)))

    def drop(self, subject: str, group: str, record: str) -> None:
        """Take a record out of a group."""
        self._write(subject, group, record, None)

    def registers(self) -> dict[bytes, bytes | None]:
        """Everything written, as it goes into `registers`."""
        return {key: value for entries in self.entries.values() for key, value in entries.items()}

    def _write(self, subject: str, group: str, record: str, value: bytes | None) -> None:
        self.entries.setdefault(keys.pack(subject, group), {})[keys.pack(subject, group, record)] = value

    def _told(self, value: bytes) -> Any:
        return orjson.loads(decode_sheet(self.codec, value))
