"""What databus signs for others to check: compact JWS (ES256, RFC 7515), each telling in `typ` what it is and in `kid` by which key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from databus.errors import BadSettings, Malformed

ALGORITHM = "ES256"


def signing_key(pem: str | bytes, *, purpose: str) -> ECKey:
    """The signing key from its PEM, or the public one from its; its `kid` is its thumbprint (RFC 7638).

    Raises:
        BadSettings: the PEM holds no key on P-256; `purpose` names the key.
    """
    try:
        key = ECKey.import_key(pem)
    except (JoseError, ValueError, TypeError) as error:
        raise BadSettings(f"the key for {purpose} cannot be read") from error
    if key.curve_name != "P-256":
        raise BadSettings(f"the key for {purpose} must lie on P-256", curve=key.curve_name)
    return ECKey.import_key(key.as_dict(private=key.is_private), {"kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM})


def sign(told: Mapping[str, Any], key: ECKey, *, kind: str) -> str:
    """A statement of a kind, signed."""
    header = {"alg": ALGORITHM, "typ": kind, "kid": key.kid}
    return jws.serialize_compact(header, json.dumps(told, ensure_ascii=False, separators=(",", ":")), key, algorithms=[ALGORITHM])


def signer(token: str | bytes) -> str:
    """The `kid` a statement names, not yet believed.

    Raises:
        Malformed: it is no signed statement.
    """
    try:
        return str(jws.extract_compact(token.encode() if isinstance(token, str) else token).headers().get("kid"))
    except (JoseError, ValueError, TypeError) as error:
        raise Malformed("This holds no signature that can be read.") from error


def signed(token: str | bytes, key: ECKey, *, kind: str) -> dict[str, Any]:
    """What a statement of a kind says.

    Raises:
        Malformed: it is none, or not signed by this key.
    """
    try:
        found = jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
        told = json.loads(found.payload)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Malformed("The signature does not hold: what it covers was changed, or another key made it.") from error
    if found.headers().get("typ") != kind or not isinstance(told, dict):
        raise Malformed(f"What was signed is no {kind}.")
    return told
