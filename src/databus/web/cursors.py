"""Cursors: a position nobody outside can read, forge or carry to another question (design 9).

AES-256 in SIV mode (RFC 5297) under a key derived from the gateway's, the scope as associated data. SIV needs no
counter: an equal position may seal to an equal text, which keeps strong ETags strong, or to a fresh one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from databus.errors import Malformed

_SALT = 16
_SIV = 16
_LONGEST = 4096


def scope(*parts: object) -> bytes:
    """What a cursor is bound to: the feed or dataset and every filter, hashed. Another question is another scope."""
    return hashlib.sha256(orjson.dumps([_plain(part) for part in parts], option=orjson.OPT_SORT_KEYS)).digest()


def seal(content: Mapping[str, Any], *, key: bytes, scope: bytes, fresh: bool = False) -> str:
    """The cursor for a position: base64url without padding.

    `fresh` hides whether the position moved since the last cursor; without it equal content gives equal text.
    """
    salt = os.urandom(_SALT) if fresh else bytes(_SALT)
    body = _cipher(key).encrypt(orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS), [scope, salt])
    return base64.urlsafe_b64encode(salt + body).rstrip(b"=").decode()


def unseal(text: str, *, key: bytes, scope: bytes) -> dict[str, Any]:
    """The position in a cursor.

    Raises:
        Malformed: not a cursor of this key and this scope, to the last bit.
    """
    refusal = Malformed("This cursor was not issued here for this question; begin without one.", parameter="cursor")
    if len(text) > _LONGEST or not text.isascii():
        raise refusal
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise refusal from None
    # base64 leaves bits of the last character unused, and its decoder skips foreign characters
    if base64.urlsafe_b64encode(sealed).rstrip(b"=").decode() != text or len(sealed) <= _SALT + _SIV:
        raise refusal
    try:
        content = orjson.loads(_cipher(key).decrypt(sealed[_SALT:], [scope, sealed[:_SALT]]))
    except (InvalidTag, orjson.JSONDecodeError):
        raise refusal from None
    if not isinstance(content, dict):
        raise refusal
    return content


def _cipher(key: bytes) -> AESSIV:
    return AESSIV(HKDF(hashes.SHA256(), length=64, salt=None, info=b"databus cursor 1").derive(key))


def _plain(part: object) -> object:
    return dict(part) if isinstance(part, Mapping) else str(part)
