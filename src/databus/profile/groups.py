"""Who is in which group of a subject's records, as the chunk at hand sees it.

A group's members stand in entries of their own, one per record under `subject‖~group`: adding one writes one register,
and what changes with the group touches its members and nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import islice
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

    def members(self, subject: str, group: str) -> dict[str, Any]:
        """The members of a group, as the chunk has left them: record key → what its entry says."""
        prefix = keys.pack(subject, group)
        found: dict[bytes, bytes | None] = {**self.state.group(prefix), **self.entries.get(prefix, {})}
        return {keys.unpack(key)[2]: self._told(value) for key, value in found.items() if value is not None}

    def of(self, at: At, group: str) -> tuple[Any, ...]:
        """What its entry says of one record; nothing where it is no member."""
        subject, record = at
        key, made = keys.pack(subject, group, record), self.entries.get(keys.pack(subject, group), {})
        value = made[key] if key in made else self.state.get(key)
        return () if value is None else (self._told(value),)

    def first(self, subject: str, group: str, count: int) -> Iterator[str]:
        """So many of the first records of a group, in order: asked in their order, for one may be of a hundred thousand."""
        prefix = keys.pack(subject, group)
        own = {keys.last(key, prefix): value for key, value in self.entries.get(prefix, {}).items()}
        stored = islice((name for name in self.state.members(prefix) if name not in own), count)
        made = (name for name, value in own.items() if value is not None)
        yield from (name.decode() for name in nsmallest(count, (*stored, *made)))

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
