"""Bearer tokens: ES256 JWTs of ten minutes for one audience (RFC 7519, RFC 9068)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from databus.access.signing import ALGORITHM, signing_key
from databus.errors import Unauthenticated
from databus.model.disclosure import Caller, Role

LIFE = timedelta(minutes=10)

_TYPE = "at+jwt"
# Clocks of two processes may differ by so many seconds.
_LEEWAY = 5
_LONGEST = 4096


@dataclass(frozen=True)
class Signing:
    """The key, who issues, and for which process: a token for another audience is worth nothing here."""

    key: ECKey
    issuer: str
    audience: str


def signing(pem: str | bytes, *, issuer: str, audience: str) -> Signing:
    """The key from its PEM, for an issuer and an audience.

    Raises:
        BadSettings: the PEM holds no key on P-256.
    """
    return Signing(signing_key(pem, purpose="tokens"), issuer, audience)


def issue(caller: Caller, with_: Signing, *, now: datetime) -> str:
    """A token that says who this is until ten minutes from now."""
    claims = {
        "iss": with_.issuer,
        "aud": with_.audience,
        "sub": caller.name,
        "client_id": caller.name,
        "role": caller.role.value,
        "organisation": caller.organisation,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFE).timestamp()),
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode({"alg": ALGORITHM, "typ": _TYPE, "kid": with_.key.kid}, claims, with_.key, algorithms=[ALGORITHM])


def verify(token: str, with_: Signing, *, now: datetime) -> Caller:
    """Whom the token names.

    Raises:
        Unauthenticated: it is not ours, not for this audience, no longer or not yet valid, or no token at all.
    """
    if len(token) > _LONGEST:
        raise _refused("it is too long")
    try:
        decoded = jwt.decode(token, with_.key, algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise _refused("its signature is not ours") from error
    if decoded.header.get("typ") != _TYPE:
        raise _refused("it is no access token")
    return _caller(decoded.claims, with_, now)


def jwks(with_: Signing) -> dict[str, Any]:
    """The public key as a JWK set (RFC 7517)."""
    return {"keys": [with_.key.as_dict(private=False)]}


def _caller(claims: dict[str, Any], with_: Signing, now: datetime) -> Caller:
    if claims.get("iss") != with_.issuer or claims.get("aud") != with_.audience:
        raise _refused("it was issued for another audience")
    begin, end = claims.get("iat"), claims.get("exp")
    if not isinstance(begin, int) or not isinstance(end, int) or end - begin > LIFE.total_seconds():
        raise _refused("its times are wrong")
    if now.timestamp() >= end:
        raise _refused("it has expired")
    if now.timestamp() < begin - _LEEWAY:
        raise _refused("it is not valid yet")
    name, organisation, role = claims.get("sub"), claims.get("organisation"), claims.get("role")
    if not (isinstance(name, str) and name and isinstance(organisation, str) and isinstance(role, str)):
        raise _refused("it names nobody")
    try:
        return Caller(name, Role(role), organisation)
    except ValueError as error:
        raise _refused("it names no known role") from error


def _refused(why: str) -> Unauthenticated:
    return Unauthenticated(f"The token was refused: {why}.", challenge='Bearer realm="databus", error="invalid_token"')
