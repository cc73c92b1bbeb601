"""Tokens and what attackers do with them."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from databus.access.callers import caller_of
from databus.access.tokens import LIFE, Signing, issue, jwks, signing, verify
from databus.errors import Unauthenticated
from databus.model.disclosure import ANONYMOUS, Caller, Role

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
CALLER = Caller("agency-north", Role.AGENCY, "agency-north")


def pem(curve: ec.EllipticCurve | None = None) -> str:
    return text(ec.generate_private_key(curve or ec.SECP256R1()))


def text(key: Any) -> str:
    form = serialization.PrivateFormat.PKCS8
    return str(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode())


OURS = signing(pem(), issuer="databus", audience="gateway")
TOKEN = issue(CALLER, OURS, now=NOW)


def claims(**changes: Any) -> dict[str, Any]:
    _, body, _ = TOKEN.split(".")
    return {**json.loads(base64.urlsafe_b64decode(body + "==")), **changes}


def forged(header: dict[str, Any], body: dict[str, Any], key: ECKey | None = None) -> str:
    return jwt.encode({"typ": "at+jwt", **header}, body, key or OURS.key, algorithms=["ES256", "HS256", "none"])


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def refused(token: str, *, now: datetime = NOW, with_: Signing = OURS) -> None:
    with pytest.raises(Unauthenticated) as error:
        verify(token, with_, now=now)
    assert "invalid_token" in str(error.value.facts["challenge"])
    assert len(token) < 20 or token not in error.value.detail


def test_a_token_names_its_caller_for_ten_minutes() -> None:
    assert verify(TOKEN, OURS, now=NOW) == CALLER
    assert verify(TOKEN, OURS, now=NOW + LIFE - timedelta(seconds=1)) == CALLER
    refused(TOKEN, now=NOW + LIFE)
    refused(TOKEN, now=NOW - timedelta(minutes=1))


def test_no_algorithm() -> None:
    refused(f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{part(claims())}.")
    refused(f"{part({'alg': 'None', 'typ': 'at+jwt'})}.{part(claims())}.")


def test_the_public_key_as_a_shared_secret() -> None:
    public = json.dumps(jwks(OURS)["keys"][0]).encode()
    signed = f"{part({'alg': 'HS256', 'typ': 'at+jwt'})}.{part(claims())}"
    mac = base64.urlsafe_b64encode(hmac.digest(public, signed.encode(), "sha256")).rstrip(b"=").decode()
    refused(f"{signed}.{mac}")


def test_another_key_even_if_it_comes_along() -> None:
    other = ECKey.import_key(pem())
    refused(forged({"alg": "ES256"}, claims(), other))
    refused(forged({"alg": "ES256", "kid": OURS.key.kid}, claims(), other))
    refused(forged({"alg": "ES256", "jwk": other.as_dict(private=False)}, claims(), other))


def test_changed_claims() -> None:
    head, _, signature = TOKEN.split(".")
    refused(f"{head}.{part(claims(role='OFFICER'))}.{signature}")
    refused(TOKEN[:-4] + "AAAA")


def test_a_token_for_another_process_or_issuer() -> None:
    refused(TOKEN, with_=Signing(OURS.key, "databus", "intake"))
    refused(TOKEN, with_=Signing(OURS.key, "somebody", "gateway"))
    refused(forged({"alg": "ES256"}, claims(aud=["gateway", "intake"])))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": 99999999999},
        {"iat": None},
        {"sub": ""},
        {"sub": 7},
        {"role": "ROOT"},
        {"role": None},
        {"organisation": None},
    ],
)
def test_claims_that_are_not_ours_though_the_key_is(changes: dict[str, Any]) -> None:
    refused(forged({"alg": "ES256"}, claims(**changes)))


def test_a_jwt_of_another_type() -> None:
    refused(forged({"alg": "ES256", "typ": "JWT"}, claims()))


@given(st.text(max_size=80) | st.sampled_from(["", ".", "..", "a.b.c", "=.=.=", "\x00", "é.é.é"]))
def test_no_token_at_all(token: str) -> None:
    refused(token) if token else None
    with pytest.raises(Unauthenticated):
        caller_of(f"Bearer {token}", signing=OURS, clock=lambda: NOW)


def test_an_endless_token() -> None:
    refused("a" * 100_000)


def test_no_header_is_the_public_and_a_bad_one_is_nobody() -> None:
    assert caller_of(None, signing=OURS, clock=lambda: NOW) == ANONYMOUS
    assert caller_of(f"bearer {TOKEN}", signing=OURS, clock=lambda: NOW) == CALLER
    for header in ("", "Bearer", "Bearer ", "Basic YTpi", TOKEN, f"Bearer {TOKEN} {TOKEN}", f"Bearer,{TOKEN}"):
        with pytest.raises(Unauthenticated) as error:
            caller_of(header, signing=OURS, clock=lambda: NOW)
        assert str(error.value.facts["challenge"]).startswith("Bearer ")


def test_the_key_set_holds_no_private_part() -> None:
    (key,) = jwks(OURS)["keys"]
    assert "d" not in key
    assert (key["kty"], key["crv"], key["alg"], key["use"], key["kid"]) == ("EC", "P-256", "ES256", "sig", OURS.key.kid)
