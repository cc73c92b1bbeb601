"""Keys: who a fact is about, which fact it is, and where its state lives.

Anyone can compute the key of an organisation; the key of a person needs the platform's secret (design 5).
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

SUBJECTS = uuid5(NAMESPACE_URL, "urn:databus:subject")
USCI = "CN-USCI"
"""Scheme of the unified social credit code (org-id.guide)."""

_SUBJECTS = SUBJECTS.bytes
_FIVE, _EIGHT = "5", "8"
_VARIANTS = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}
_LENGTH = 2


@lru_cache(maxsize=1 << 14)
def organisation_key(code: str, *, scheme: str = USCI) -> str:
    """The subject key of an organisation: UUIDv5 of `scheme|code`, 36 ASCII characters."""
    return _uuid(hashlib.sha1(_SUBJECTS + f"{scheme}|{code}".encode(), usedforsecurity=False).digest(), _FIVE)


def former(scheme: str) -> str:
    """The scheme of a code that another of the same scheme replaced."""
    return f"{scheme}-FORMER"


def person_key(id_type: str, number: str, *, secret: bytes) -> str:
    """The subject key of a natural person: UUIDv8 of HMAC-SHA-256(platform key, `id_type|number`)."""
    return uuid8(hmac.digest(secret, f"{id_type}|{number}".encode(), "sha256"))


def uuid8(digest: bytes) -> str:
    """A UUID of version 8 (RFC 9562) from the first 16 bytes of a digest."""
    return _uuid(digest, _EIGHT)


def _uuid(digest: bytes, version: str) -> str:
    text = digest[:16].hex()
    return f"{text[:8]}-{text[8:12]}-{version}{text[13:16]}-{_VARIANTS[text[16]]}{text[17:20]}-{text[20:]}"


def derived_id(*parts: str | int) -> str:
    """An id that a repeat of the same work computes again: UUIDv8 of SHA-256 over the parts."""
    return uuid8(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest())


def event_id(inbox: str, partition: int, offset: int) -> str:
    """The id of the event that the submission at this place of an inbox becomes; `inbox` is the topic without a prefix."""
    return derived_id("event", inbox, partition, offset)


def pack(*parts: str) -> bytes:
    """A composite key: each part led by its length in bytes (2, big endian), so that no part can imitate another.

    Raises:
        OverflowError: a part is longer than 65,535 bytes.
    """
    return b"".join(map(_packed, parts))


@lru_cache(maxsize=1 << 14)
def _packed(part: str) -> bytes:
    encoded = part.encode()
    return len(encoded).to_bytes(_LENGTH, "big") + encoded


def unpack(key: bytes) -> tuple[str, ...]:
    """The parts of a composite key.

    Raises:
        ValueError: the bytes are not a composite key.
    """
    parts, at = [], 0
    while at < len(key):
        size = int.from_bytes(key[at : at + _LENGTH], "big")
        part = key[at + _LENGTH : at + _LENGTH + size]
        if len(part) != size:
            raise ValueError("a composite key ends in the middle of a part")
        parts.append(part.decode())
        at += _LENGTH + size
    return tuple(parts)


def last(key: bytes, prefix: bytes) -> bytes:
    """The last part of a composite key behind a packed prefix, as it lies there: UTF-8, which sorts as the text does."""
    return key[len(prefix) + _LENGTH :]


def under(prefix: bytes, last: bytes) -> bytes:
    """The composite key whose last part behind a packed prefix is this."""
    return prefix + len(last).to_bytes(_LENGTH, "big") + last


def prefix(key: bytes, parts: int) -> bytes:
    """The first parts of a composite key, still packed."""
    at = 0
    for _ in range(parts):
        at += _LENGTH + int.from_bytes(key[at : at + _LENGTH], "big")
    return key[:at]
