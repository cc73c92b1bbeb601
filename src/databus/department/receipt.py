"""Receipts: what a department handed over, where it lies and since when, signed; provable offline with the public key alone.

    {"receipt": <ES256 JWS, compact>, "submissions": [{"submission_id", "partition", "offset", "appended_at", "sha256"}]}

`sha256` of a submission covers its key, value and headers as they lie in the inbox (`digest`). The signed statement counts
the submissions and hashes the list of them, a line each: `partition offset appended_at submission_id sha256`. So the list
proves single submissions and needs no signature of its own. `appended_at` is the broker's append time in milliseconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import groupby
from operator import attrgetter
from typing import Any

from joserfc.jwk import ECKey

from databus.access import signing
from databus.errors import Malformed, Unprocessable
from databus.model.chunk import Headers

TYPE = "databus-receipt"
_ABSENT = b"\xff\xff\xff\xff"


@dataclass(frozen=True, slots=True)
class Listed:
    """One submission of a receipt."""

    partition: int
    offset: int
    appended_at: int
    submission_id: str
    sha256: str


_PLACE = attrgetter("partition", "offset")
_NAMES = tuple(field.name for field in fields(Listed))


@dataclass(frozen=True, slots=True)
class Span:
    """What of a receipt lies in one partition; `first` and `last` are offsets, `since` and `until` append times."""

    partition: int
    first: int
    last: int
    count: int
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed. `source_sha256` is the hash of the request or file the submissions came from, empty if none was told;
    `signed_at` is in milliseconds."""

    issuer: str
    department: str
    topic: str
    count: int
    sha256: str
    positions: tuple[Span, ...]
    source_sha256: str
    signed_at: int


def digest(key: bytes | None, value: bytes | None, headers: Headers) -> str:
    """SHA-256 of a submission as it lies in an inbox, hexadecimal: each part led by its length (4 bytes), headers counted."""
    parts: list[bytes | None] = [key, value]
    for name, told in headers:
        parts += (name.encode(), told)
    framed = [len(headers).to_bytes(4, "big")]
    for part in parts:
        framed += (_ABSENT, b"") if part is None else (len(part).to_bytes(4, "big"), part)
    return hashlib.sha256(b"".join(framed)).hexdigest()


def statement(listed: Iterable[Listed], *, issuer: str, department: str, topic: str, source_sha256: str, now: int) -> Statement:
    """What there is to say of these submissions of one inbox."""
    ordered = _in_order(listed)
    return Statement(issuer, department, topic, len(ordered), _root(ordered), _spans(ordered), source_sha256, now)


def _in_order(listed: Iterable[Listed]) -> list[Listed]:
    return sorted(listed, key=_PLACE)


def _root(ordered: Sequence[Listed]) -> str:
    lines = (f"{one.partition} {one.offset} {one.appended_at} {one.submission_id} {one.sha256}\n" for one in ordered)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _spans(ordered: Sequence[Listed]) -> tuple[Span, ...]:
    parts = ((number, list(group)) for number, group in groupby(ordered, key=lambda one: one.partition))
    return tuple(
        Span(number, own[0].offset, own[-1].offset, len(own), min(one.appended_at for one in own), max(one.appended_at for one in own))
        for number, own in parts
    )


def sign(told: Statement, listed: Iterable[Listed], key: ECKey) -> dict[str, Any]:
    """The receipt."""
    return {
        "receipt": signing.sign(asdict(told), key, kind=TYPE),
        "submissions": [{name: getattr(one, name) for name in _NAMES} for one in _in_order(listed)],
    }


def verify(document: Any, keys: Mapping[str, ECKey], *, source_sha256: str | None = None) -> Statement:
    """What a receipt proves. `keys` are public keys by `kid`; with `source_sha256` it must be of that request or file.

    Raises:
        Malformed: it is no receipt.
        Unprocessable: it proves nothing; its fact `tampered` names what does not hold: signature, list, source.
    """
    try:
        signed, listed = str(document["receipt"]), [_listed(one) for one in document["submissions"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed("This is no receipt: it has the members receipt and submissions.") from error
    told = _statement(signed, keys)
    ordered = _in_order(listed)
    if not ordered or len(ordered) != told.count:
        raise _tampered("list", f"{told.count} submissions were signed, the list has {len(ordered)}.")
    if _spans(ordered) != told.positions:
        raise _tampered("list", "The list tells other positions or times than were signed.")
    if _root(ordered) != told.sha256:
        raise _tampered("list", "The list is not the one that was signed: an id or a hash in it was changed.")
    if source_sha256 is not None and source_sha256 != told.source_sha256:
        said = "It was signed for another one." if told.source_sha256 else "It was signed for none."
        raise _tampered("source", f"This receipt is not that of this request or file. {said}")
    return told


def _listed(raw: Mapping[str, Any]) -> Listed:
    numbers = [raw[name] for name in ("partition", "offset", "appended_at")]
    texts = [raw[name] for name in ("submission_id", "sha256")]
    if (
        not all(type(one) is int for one in numbers)
        or not all(isinstance(one, str) for one in texts)
        or len(raw) != len(numbers) + len(texts)
    ):
        raise ValueError("no submission of a receipt")
    return Listed(*numbers, *texts)


def _statement(signed: str, keys: Mapping[str, ECKey]) -> Statement:
    kid = signing.signer(signed)
    if kid not in keys:
        raise _tampered("signature", f"It was signed with the key {kid[:64]}, which is none of those given.")
    try:
        raw = signing.signed(signed, keys[kid], kind=TYPE)
        return Statement(**{**raw, "positions": tuple(Span(**one) for one in raw["positions"])})
    except (Malformed, TypeError, KeyError) as error:
        raise _tampered("signature", str(error) if isinstance(error, Malformed) else "What was signed is no receipt.") from error


def _tampered(what: str, detail: str) -> Unprocessable:
    return Unprocessable(detail, tampered=what)
