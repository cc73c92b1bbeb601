"""The caller behind the header `Authorization`."""

from __future__ import annotations

from databus.access.tokens import Signing, verify
from databus.errors import Unauthenticated
from databus.model.disclosure import ANONYMOUS, Caller
from databus.ports import Clock

CHALLENGE = 'Bearer realm="databus"'


def caller_of(authorization: str | None, *, signing: Signing, clock: Clock) -> Caller:
    """No header is the public; a header that does not hold is nobody, never the public.

    Raises:
        Unauthenticated: another scheme than Bearer, or a token that is not valid here and now. Its fact `challenge` is
            the value of `WWW-Authenticate` (RFC 6750).
    """
    if authorization is None:
        return ANONYMOUS
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Send a bearer token from /oauth/token, or no credentials at all.", challenge=CHALLENGE)
    return verify(token.strip(), signing, now=clock())
