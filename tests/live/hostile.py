"""Submissions that no client of ours would send: broken ones, odd ones, and state secrets in every disguise."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from databus.bus import topics
from databus.cli.session import Session
from live.drafts import Draft, Firm, licence, registration

DEPARTMENT = "transport"
INBOX = topics.inbox(DEPARTMENT)
GOOD, SECRET = f"GOOD{uuid.uuid4().hex}", f"SECRET{uuid.uuid4().hex}"
"""Needles: one must be found where data lies, the other nowhere."""


@dataclass(frozen=True)
class Attempt:
    """One record for the inbox and the (rule, field) it must be told; none means that it is accepted."""

    name: str
    value: bytes | None
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    rule: str = ""
    field: str = ""


def broken(here: Session, about: Firm) -> Iterator[Attempt]:
    """Submissions with one thing wrong."""
    good = licence(here, about, DEPARTMENT)
    body, key = good.body(here), good.key
    yield Attempt("garbage bytes", bytes(range(200, 256)) * 3, key, rule="DQ-FMT-01")
    yield Attempt("only half a frame", b"\x00\x00\x01", key, rule="DQ-FMT-01")
    yield Attempt("an empty value", b"", key, rule="DQ-FMT-01")
    yield Attempt("no value at all", None, key, rule="DQ-FMT-01")
    yield Attempt("what only the checker writes", None, None, ((topics.MARKER, b"1"),), rule="DQ-FMT-01")
    yield Attempt("a truncated body", body[:-25], key, rule="DQ-FMT-01")
    yield Attempt("bytes behind the body", body + b"more", key, rule="DQ-FMT-01")
    yield Attempt("an unknown schema id", b"\x00" + (900_001).to_bytes(4, "big") + body[5:], key, rule="DQ-FMT-02")
    yield from changed(here, "a type it does not own", registration(here, about), rule="DQ-SRC-02")
    yield from changed(
        here, "another department's entry", licence(here, about, "emergency"), rule="DQ-SRC-01", where="envelope.catalog_code"
    )
    last = "1" if about.uscc[-1] != "1" else "2"
    wrong = Firm(about.uscc[:-1] + last, about.name)
    yield from changed(here, "a wrong check digit", licence(here, wrong, DEPARTMENT), rule="DQ-ACC-01", where="uscc")
    day = good.value["payload"]["decided_at"]
    late = good.changed(decided_at=day.replace(year=day.year + 2))
    yield from changed(here, "a decision in the future", late, rule="DQ-ACC-10", where="decided_at")
    yield from changed(here, "a character no text has", good.changed(content="坏\x00字"), rule="DQ-FMT-04", where="content")
    yield from changed(here, "a required field left out", good.changed(content=None), rule="DQ-COM-01", where="content")
    yield Attempt("no key", good.changed().body(here), None, rule="DQ-KEY-01")
    yield Attempt("a huge key", good.changed().body(here), os.urandom(200_000), rule="DQ-KEY-01")
    for told in (b"yesterday", b"-1", b"9" * 30, b"\xff\xfe", b"1" * 3000):
        yield Attempt(f"a told time of {told[:12]!r}", good.changed().body(here), key, (("databus-told-time", told),), "DQ-FMT-03")


def changed(here: Session, name: str, draft: Draft, *, rule: str, where: str = "") -> Iterator[Attempt]:
    yield Attempt(name, draft.body(here), draft.key, tuple(draft.all_headers()), rule, where)


def odd(here: Session, about: Firm) -> Iterator[tuple[Attempt, Draft]]:
    """Strange, and nothing wrong with it."""
    twice, long = licence(here, about, DEPARTMENT), licence(here, about, DEPARTMENT)
    headers = (*twice.all_headers(), ("databus-submission-id", b"another"), ("databus-row", b"1"), ("databus-row", b"\xff"), ("x", b"\x00"))
    yield Attempt("headers twice", twice.body(here), twice.key, headers), twice
    large = (("x-large", b"y" * 300_000), ("databus-row", b"7" * 5000), ("databus-fixes", b"\x00" * 600))
    yield Attempt("large headers", long.body(here), long.key, (*long.all_headers(), *large)), long


def secrets(here: Session, hidden: Firm) -> Iterator[Attempt]:
    """State secrets, declared in every way one can be; the needle is wherever a client can write something."""
    told = {"remark": SECRET, "content": SECRET, "envelope__note": SECRET, "envelope__source_system": SECRET}

    def attempt(name: str, draft: Draft, *levels: bytes, body: bytes | None = None, header: str = "databus-secrecy") -> Attempt:
        extra = (("databus-submission-id", SECRET.encode()), ("databus-fixes", SECRET.encode()), ("x-mine", SECRET.encode()))
        value = draft.body(here) if body is None else body
        return Attempt(name, value, SECRET.encode(), (*((header, level) for level in levels), *extra), "DQ-SEC-01", "envelope.secrecy")

    plain = licence(here, hidden, DEPARTMENT, **told)
    inside = plain.changed(envelope__secrecy="MIMI", envelope__submission_id=SECRET)
    yield attempt("MIMI in a header", plain, b"MIMI")
    yield attempt("MIMI in the envelope alone", inside)
    yield attempt("JUEMI in both", plain.changed(envelope__secrecy="JUEMI"), b"JUEMI")
    yield attempt("a header against the envelope", inside, b"NONE")
    yield attempt("the second of two headers", plain, b"NONE", b"MIMI")
    yield attempt("a header in other letters", plain, b" mimi ", header="Databus-Secrecy")
    yield attempt("a level nobody knows", plain, b"TOP SECRET")
    yield attempt("a header that is no text", plain, b"\xff\xfe")
    yield attempt("MIMI over garbage", plain, b"JIMI", body=b"\xde\xad" + SECRET.encode())
    yield attempt("MIMI in a damaged envelope", inside, body=inside.body(here)[:-30])
