"""Receipts: what they prove, and that nothing of one can be changed unnoticed."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from databus.access.signing import signing_key
from databus.department import receipt
from databus.department.receipt import Listed
from databus.errors import Malformed, Unprocessable


def pem(curve: ec.EllipticCurve) -> bytes:
    made = ec.generate_private_key(curve)
    return made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


KEY, OTHER = (signing_key(pem(ec.SECP256R1()), purpose="receipts") for _ in range(2))
PUBLIC: dict[str, ECKey] = {str(KEY.kid): ECKey.import_key(KEY.as_dict(private=False))}
SOURCE = "ab" * 32
LISTED = [Listed(1, 7, 1_000, "b", "22" * 32), Listed(0, 3, 900, "a", "11" * 32), Listed(1, 9, 1_200, "c", "33" * 32)]


def made(key: ECKey = KEY) -> dict[str, Any]:
    told = receipt.statement(LISTED, issuer="intake", department="taxation", topic="in.taxation", source_sha256=SOURCE, now=5)
    return receipt.sign(told, LISTED, key)


def test_a_receipt_tells_how_many_where_and_since_when() -> None:
    told = receipt.verify(json.loads(json.dumps(made())), PUBLIC, source_sha256=SOURCE)
    assert (told.department, told.topic, told.count, told.issuer, told.signed_at) == ("taxation", "in.taxation", 3, "intake", 5)
    assert [(one.partition, one.first, one.last, one.count, one.since, one.until) for one in told.positions] == [
        (0, 3, 3, 1, 900, 900),
        (1, 7, 9, 2, 1_000, 1_200),
    ]
    assert [one["submission_id"] for one in made()["submissions"]] == ["a", "b", "c"]


def change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def changed(document: dict[str, Any]) -> None:
        number, _, name = path.partition(".")
        document["submissions"][int(number)][name] = value

    return changed


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "an id": (change("0.submission_id", "z"), "list"),
    "a hash": (change("0.sha256", "00" * 32), "list"),
    "an earlier time": (change("0.appended_at", 100), "list"),
    "a time within the span": (change("1.appended_at", 1_001), "list"),
    "an offset": (change("0.offset", 4), "list"),
    "a partition": (change("0.partition", 2), "list"),
    "one left out": (lambda document: document["submissions"].pop(), "list"),
    "one twice": (lambda document: document["submissions"].append(document["submissions"][0]), "list"),
    "two exchanged ids": (lambda document: (change("0.submission_id", "b")(document), change("1.submission_id", "a")(document)), "list"),
    "another key": (lambda document: document.update(receipt=made(OTHER)["receipt"]), "signature"),
    "a statement of one's own": (lambda document: document.update(receipt=forged(document["receipt"])), "signature"),
    "a cut signature": (lambda document: document.update(receipt=document["receipt"][:-8]), "signature"),
    "a token": (lambda document: document.update(receipt=token()), "signature"),
}


def forged(signed: str) -> str:
    header, _, signature = signed.split(".")
    told = jws.extract_compact(signed.encode()).payload.replace(b'"count":3', b'"count":4')
    return ".".join((header, base64.urlsafe_b64encode(told).rstrip(b"=").decode(), signature))


def token() -> str:
    return jws.serialize_compact({"alg": "ES256", "typ": "at+jwt", "kid": KEY.kid}, b"{}", KEY, algorithms=["ES256"])


@pytest.mark.parametrize("how", CHANGES)
def test_tampering_is_named(how: str) -> None:
    document, (tamper, what) = copy.deepcopy(made()), CHANGES[how]
    tamper(document)
    with pytest.raises(Unprocessable) as refused:
        receipt.verify(document, PUBLIC, source_sha256=SOURCE)
    assert refused.value.facts["tampered"] == what, refused.value.detail


def test_a_receipt_of_another_request_is_named() -> None:
    with pytest.raises(Unprocessable) as refused:
        receipt.verify(made(), PUBLIC, source_sha256="cd" * 32)
    assert refused.value.facts["tampered"] == "source"


ENTRY = {"partition": 0, "offset": 1, "appended_at": 1, "submission_id": "a", "sha256": "b"}
NO_RECEIPTS: list[Any] = [
    None,
    [],
    {},
    {"receipt": "x"},
    {"receipt": "a.b.c", "submissions": []},
    {"receipt": 7, "submissions": [7]},
    {"receipt": "x", "submissions": [{}]},
    {"receipt": "x", "submissions": [{**ENTRY, "partition": "0"}]},
    {"receipt": "x", "submissions": [{**ENTRY, "more": 1}]},
]


@pytest.mark.parametrize("document", NO_RECEIPTS, ids=range(len(NO_RECEIPTS)))
def test_what_is_no_receipt_is_refused_as_that(document: Any) -> None:
    with pytest.raises(Malformed):
        receipt.verify(document, PUBLIC)


NAMES = st.sampled_from(["receipt", "submissions", "x"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)))
def test_no_document_makes_it_crash(document: Any) -> None:
    with pytest.raises((Malformed, Unprocessable)):
        receipt.verify(document, PUBLIC)


def test_the_hash_parts_key_value_and_headers() -> None:
    told = [
        receipt.digest(b"ab", b"c", ()),
        receipt.digest(b"a", b"bc", ()),
        receipt.digest(None, b"c", ()),
        receipt.digest(b"", b"c", ()),
        receipt.digest(b"ab", b"c", (("h", b"1"),)),
        receipt.digest(b"ab", b"c", (("h1", b""),)),
        receipt.digest(b"ab", b"c", (("h", b"1"), ("h", b"1"))),
    ]
    assert len(set(told)) == len(told)
