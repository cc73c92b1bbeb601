"""The state of one partition: its registers in memory, grouped by the first two parts of their key."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from databus.model import keys

_GROUP_PARTS = 2
_NONE: Mapping[bytes, bytes] = MappingProxyType({})


class Registers:
    """Implements `model.chunk.State`. Only committed values are ever in it."""

    def __init__(self) -> None:
        self._groups: dict[bytes, dict[bytes, bytes]] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value of one register."""
        return self._groups.get(keys.prefix(key, _GROUP_PARTS), _NONE).get(key)

    def group(self, prefix: bytes) -> Mapping[bytes, bytes]:
        """All registers whose key begins with these two packed parts, by full key."""
        return MappingProxyType(self._groups[prefix]) if prefix in self._groups else _NONE

    def put(self, key: bytes, value: bytes | None) -> None:
        """Take over one committed value; None removes. The last write wins: there is one fenced writer."""
        prefix = keys.prefix(key, _GROUP_PARTS)
        if value is not None:
            self._groups.setdefault(prefix, {})[key] = value
        elif prefix in self._groups:
            self._groups[prefix].pop(key, None)
            if not self._groups[prefix]:
                del self._groups[prefix]

    def apply(self, registers: Mapping[bytes, bytes | None]) -> None:
        """Take over what a transaction has committed."""
        for key, value in registers.items():
            self.put(key, value)

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))
