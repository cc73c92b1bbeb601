"""The caller behind the header `Authorization`, and what is a department's own business."""

from __future__ import annotations

from databus.access.tokens import Signing, verify
from databus.errors import NotAllowed, Unauthenticated
from databus.model.disclosure import ANONYMOUS, Caller, Role
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


def require_department(caller: Caller, department: str, *, answers: bool = False) -> None:
    """Let pass the department itself and stewards; officers may read, but not answer for a department.

    Raises:
        Unauthenticated: nobody has proved who is asking.
        NotAllowed: the caller is somebody else.
    """
    if caller.role is Role.PUBLIC:
        raise Unauthenticated("Send a bearer token from /oauth/token.", challenge=CHALLENGE)
    own = caller.role is Role.DEPARTMENT and caller.organisation == department
    if not own and caller.role is not Role.STEWARD and (answers or caller.role is not Role.OFFICER):
        raise NotAllowed("This is the business of another department.", department=department)
