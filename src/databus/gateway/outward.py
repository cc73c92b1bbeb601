"""Names that records, steps and persons bear outside: stable, and good for nothing but telling them apart.

Inside, a record key spells out its key fields and a person's subject key, and a publisher chooses submission ids: none of
that may leave. The ids made here are HMACs under the platform key, which does not rotate (design 5).
"""

from __future__ import annotations

import hashlib
import hmac

from databus.model.keys import uuid8


def record_id(record_key: str, *, platform_key: bytes) -> str:
    """The id of a record, the same for every receiver and in every answer: what a withdrawal names."""
    return _named(platform_key, "record", record_key)


def step_id(change_id: str, *, platform_key: bytes) -> str:
    """The id of one step of a feed: a receiver that meets it twice has met the same step."""
    return _named(platform_key, "step", change_id)


def pseudonym(receiver: str, subject_key: str, *, platform_key: bytes) -> str:
    """A person's name for one receiver: HMAC(receiver key, subject key). Two receivers cannot compare theirs (design 5)."""
    mine = hmac.digest(platform_key, b"databus receiver\x1f" + receiver.encode(), hashlib.sha256)
    return uuid8(hmac.digest(mine, subject_key.encode(), hashlib.sha256))


def _named(key: bytes, *parts: str) -> str:
    return uuid8(hmac.digest(key, "\x1f".join(("databus outward", *parts)).encode(), hashlib.sha256))
