"""Signed statements: of one kind, by one key, and nothing else passes for one."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jws
from joserfc.jwk import ECKey

from databus.access.signing import ALGORITHM, sign, signed, signer, signing_key
from databus.errors import BadSettings, Malformed

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def pem(key: Private) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def fresh() -> ECKey:
    return signing_key(pem(ec.generate_private_key(ec.SECP256R1())), purpose="tests")


OURS, OTHER = fresh(), fresh()
TOLD = {"who": "应急", "count": 2}


def test_what_was_signed_comes_back_and_names_its_key() -> None:
    token = sign(TOLD, OURS, kind="test")
    assert (signed(token, OURS, kind="test"), signer(token)) == (TOLD, OURS.kid)


@pytest.mark.parametrize(
    "token",
    [
        sign(TOLD, OTHER, kind="test"),
        sign(TOLD, OURS, kind="receipt"),
        sign(TOLD, OURS, kind="test")[:-4] + "AAAA",
        jws.serialize_compact({"alg": ALGORITHM, "typ": "test"}, "[]", OURS),
        jws.serialize_compact({"alg": ALGORITHM, "typ": "test"}, "no JSON", OURS),
        "",
        "a.b.c",
        "eyJhbGciOiJub25lIiwidHlwIjoidGVzdCJ9.e30.",
    ],
    ids=["another key", "another kind", "cut", "no object", "no JSON", "nothing", "no JWS", "unsigned"],
)
def test_anything_else_is_refused(token: str) -> None:
    with pytest.raises(Malformed):
        signed(token, OURS, kind="test")


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "\ud800.x.y"])
def test_what_is_no_statement_names_no_key(token: str) -> None:
    with pytest.raises(Malformed):
        signer(token)


@pytest.mark.parametrize(
    "key",
    [pem(ec.generate_private_key(ec.SECP384R1())), pem(rsa.generate_private_key(65537, 2048)), b"", b"-----BEGIN NOTHING-----", "nonsense"],
    ids=["another curve", "RSA", "empty", "no PEM", "words"],
)
def test_only_keys_on_p256_sign(key: str | bytes) -> None:
    with pytest.raises(BadSettings):
        signing_key(key, purpose="tests")
