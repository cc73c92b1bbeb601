"""What the bus hands to a stage and takes back: records in, outputs out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from typing import Protocol

from databus.model.nouns import dataclass

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the log. `timestamp` is in milliseconds since 1970 (the broker's append time on inboxes)."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Output:
    """One record to write. `route` is hashed by murmur2 to the partition; without it the key is. `partition` overrules both."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    route: bytes | None = None
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a processor made of a chunk; all of it becomes visible in one transaction with the input's offset.

    `registers` are new values of the state (None removes). `unreadable` names input records that must not stay
    readable once this is committed: topic, partition, offset.
    """

    outputs: Sequence[Output] = ()
    registers: Mapping[bytes, bytes | None] = field(default_factory=dict)
    unreadable: Sequence[tuple[str, int, int]] = ()


class State(Protocol):
    """The registers of one partition, as committed."""

    def get(self, key: bytes) -> bytes | None:
        """The value of one register."""
        ...

    def group(self, prefix: bytes) -> Mapping[bytes, bytes]:
        """All registers whose key begins with these two packed parts (subject, record), by full key."""
        ...

    def members(self, prefix: bytes, after: bytes = b"") -> Iterator[bytes]:
        """Of a group whose keys have three parts, the last ones as `keys.last` gives them, in order, behind one of them."""
        ...

    def of(self, subject: str) -> Collection[bytes]:
        """The groups whose first part is this subject, in no order."""
        ...

    def waking(self) -> Iterator[tuple[int, bytes]]:
        """Wake day and group (two packed parts) of every register that has a wake day, by day, then group."""
        ...

    def behind(self, prefix: bytes) -> Iterator[bytes]:
        """The groups whose two packed parts sort behind these, in order; groups that are new since may be left out."""
        ...


Processor = Callable[[Sequence[Record], State], Outcome]
"""A pure function: a chunk of one partition in offset order and the state of that partition → outcome."""

Duty = Callable[[int, State, int, float], Outcome | None]
"""What the owner of a partition owes it without being asked: partition, its state, the instant (milliseconds), and the
seconds since its last chunk → an outcome to commit, or None for now. Pure: the instant is an input."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the collector wait while something is made of a chunk, or a state is read: it would look through that again and again (up
    to a fifth of the time, measured), and nothing in one refers to itself. What is awaited within goes uncollected too."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
