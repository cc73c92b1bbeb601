"""The state of one partition: its registers in memory, grouped by the first two parts of their key."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from sortedcontainers import SortedSet

from databus.contract.wire import NEVER, wake_of
from databus.model import keys

FEW = 64
"""Members of a group that are put in order when they are asked for: to keep the order takes memory, and most groups have one."""
_GROUP_PARTS = 2
_NONE: Mapping[bytes, bytes] = MappingProxyType({})


class Registers:
    """Implements `model.chunk.State`. Only committed values are ever in it.

    The indexes by wake day and by subject, and the order of a group, are made when they are first asked for, so that recovery does
    not pay for them, and kept up from then on.
    """

    def __init__(self) -> None:
        self._groups: dict[bytes, dict[bytes, bytes]] = {}
        self._wakes: dict[int, set[bytes]] | None = None
        self._order: list[bytes] = []
        self._subjects: dict[bytes, set[bytes]] | None = None
        self._members: dict[bytes, SortedSet] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value of one register."""
        return self._groups.get(keys.prefix(key, _GROUP_PARTS), _NONE).get(key)

    def group(self, prefix: bytes) -> Mapping[bytes, bytes]:
        """All registers whose key begins with these two packed parts, by full key."""
        return MappingProxyType(self._groups[prefix]) if prefix in self._groups else _NONE

    def members(self, prefix: bytes, after: bytes = b"") -> Iterator[bytes]:
        """The last parts of a group's keys behind this one, in order."""
        if prefix not in self._members:
            names = (keys.last(key, prefix) for key in self._groups.get(prefix, ()))
            if len(self._groups.get(prefix, ())) < FEW:
                return iter(sorted(name for name in names if name > after))
            self._members[prefix] = SortedSet(names)
        order: Iterator[bytes] = self._members[prefix].irange(after, inclusive=(False, True))
        return order

    def groups(self) -> Iterator[tuple[bytes, Mapping[bytes, bytes]]]:
        """Every group with its registers, in no order."""
        yield from self._groups.items()

    def of(self, subject: str) -> Collection[bytes]:
        """The groups whose first part is this subject, in no order."""
        if self._subjects is None:
            self._subjects = {}
            for group in self._groups:
                self._subjects.setdefault(keys.prefix(group, 1), set()).add(group)
        return self._subjects.get(keys.pack(subject), ())

    def waking(self) -> Iterator[tuple[int, bytes]]:
        """Wake day and group of every register that has a wake day, by day, then group."""
        wakes = self._index()
        for day in sorted(wakes):
            for key in sorted(wakes[day]):
                yield day, keys.prefix(key, _GROUP_PARTS)

    def behind(self, prefix: bytes) -> Iterator[bytes]:
        """The groups that sort behind this one, in order. Groups made since the walk began (behind nothing) may be left out."""
        if not prefix or not self._order:
            self._order = sorted(self._groups)
        for at in range(bisect_right(self._order, prefix), len(self._order)):
            if self._order[at] in self._groups:
                yield self._order[at]

    def put(self, key: bytes, value: bytes | None) -> None:
        """Take over one committed value; None removes. The last write wins: there is one fenced writer."""
        prefix = keys.prefix(key, _GROUP_PARTS)
        if self._wakes is not None:
            self._reindex(key, self._groups.get(prefix, _NONE).get(key), value)
        if prefix in self._members:
            self._reorder(prefix, key, there=value is not None)
        if value is not None:
            if self._subjects is not None and prefix not in self._groups:
                self._subjects.setdefault(keys.prefix(prefix, 1), set()).add(prefix)
            self._groups.setdefault(prefix, {})[key] = value
        elif prefix in self._groups:
            self._groups[prefix].pop(key, None)
            if not self._groups[prefix]:
                del self._groups[prefix]
                self._members.pop(prefix, None)
                if self._subjects is not None:
                    self._subjects[keys.prefix(prefix, 1)].discard(prefix)

    def apply(self, registers: Mapping[bytes, bytes | None]) -> None:
        """Take over what a transaction has committed."""
        for key, value in registers.items():
            self.put(key, value)

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def _reorder(self, prefix: bytes, key: bytes, *, there: bool) -> None:
        members, name = self._members[prefix], keys.last(key, prefix)
        if there:
            members.add(name)
        else:
            members.discard(name)

    def _index(self) -> dict[int, set[bytes]]:
        if self._wakes is None:
            self._wakes = {}
            for group in self._groups.values():
                for key, value in group.items():
                    self._reindex(key, None, value)
        return self._wakes

    def _reindex(self, key: bytes, old: bytes | None, new: bytes | None) -> None:
        assert self._wakes is not None
        was, now = (NEVER if value is None else wake_of(value) for value in (old, new))
        if was == now:
            return
        if was != NEVER and key in (known := self._wakes.get(was, set())):
            known.remove(key)
            if not known:
                del self._wakes[was]
        if now != NEVER:
            self._wakes.setdefault(now, set()).add(key)
