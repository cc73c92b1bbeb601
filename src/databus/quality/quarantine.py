"""Refused and held originals, sealed: only a holder of the quarantine key can read them again.

    b"DBQ1" | key id (8) | nonce (12) | length of place (2) | place, UTF-8 | AES-256-GCM(key (length 4, bytes) | value)

`place` is `topic/partition/offset` of the submission without the bus prefix and is the associated data, so that a
sealed original cannot be passed off as another submission. The nonce is an HMAC of place and content under a key of
its own: a repeat of the check seals the same bytes, and two contents never share a nonce.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from databus.errors import BadSettings, Undecodable

MAGIC = b"DBQ1"
KEY_SIZE = 32
_ID, _NONCE = 8, 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where a submission lay: topic without the bus prefix, partition, offset."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Original:
    """What a department wrote: where it lay, its key and its value."""

    place: str
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """A quarantine key made ready: its public id and the two secrets derived from it."""

    key_id: bytes
    cipher: AESGCM
    nonces: bytes


def seal_of(key: bytes) -> Seal:
    """The seal of a quarantine key.

    Raises:
        BadSettings: the key is shorter than 32 bytes.
    """
    if len(key) < KEY_SIZE:
        raise BadSettings(f"the quarantine key has {len(key)} bytes and needs {KEY_SIZE}")
    return Seal(_derived(key, b"id")[:_ID], AESGCM(_derived(key, b"cipher")), _derived(key, b"nonce"))


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"databus quarantine " + purpose).derive(key)


def sealed(seal: Seal, place: Place, *, key: bytes | None, value: bytes) -> bytes:
    """The sealed original, the same bytes for the same submission."""
    where = str(place).encode()
    plain = len(key or b"").to_bytes(4, "big") + (key or b"") + value
    nonce = hmac.digest(seal.nonces, where + b"\x00" + hashlib.sha256(plain).digest(), "sha256")[:_NONCE]
    return b"".join((MAGIC, seal.key_id, nonce, len(where).to_bytes(2, "big"), where, seal.cipher.encrypt(nonce, plain, where)))


def open_sealed(data: bytes, *, key: bytes) -> Original:
    """What was sealed, for an officer who holds the quarantine key.

    Raises:
        Undecodable: not a sealed original, sealed with another key, or changed since.
        BadSettings: the key is shorter than 32 bytes.
    """
    seal = seal_of(key)
    head = len(MAGIC) + _ID + _NONCE + 2
    if len(data) < head or not data.startswith(MAGIC):
        raise Undecodable("this is not a sealed original", size=len(data))
    key_id, nonce = data[4 : 4 + _ID], data[4 + _ID : head - 2]
    if key_id != seal.key_id:
        raise Undecodable("this original was sealed with another key", key_id=key_id.hex(), held=seal.key_id.hex())
    until = head + int.from_bytes(data[head - 2 : head], "big")
    where = data[head:until]
    try:
        plain = seal.cipher.decrypt(nonce, data[until:], where)
    except (InvalidTag, ValueError) as error:
        raise Undecodable("this original was changed after it was sealed", key_id=key_id.hex()) from error
    size = 4 + int.from_bytes(plain[:4], "big")
    return Original(where.decode(), plain[4:size], plain[size:])
