"""murmur2 as Kafka's own clients compute it. A key must meet its partition whatever library sent it (engines 0.7)."""

from __future__ import annotations

import struct
from functools import lru_cache

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFF_FFFF


# A subject's records come again and again, and each would cost as much as reading it.
@lru_cache(maxsize=1 << 14)
def murmur2(data: bytes) -> int:
    """The 32-bit hash of `org.apache.kafka.common.utils.Utils.murmur2`, as an unsigned integer."""
    size = len(data)
    words = size >> 2
    h = _SEED ^ size
    for k in struct.unpack_from(f"<{words}I", data):
        k = k * _M & _MASK
        h = (h * _M & _MASK) ^ ((k ^ k >> 24) * _M & _MASK)
    tail = int.from_bytes(data[words << 2 :], "little")
    if tail:
        h ^= tail
    if size & 3:
        h = h * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


def partition(route: bytes, count: int) -> int:
    """The partition, of `count`, that a key belongs to."""
    return (murmur2(route) & 0x7FFF_FFFF) % count
