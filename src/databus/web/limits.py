"""How often a caller may ask: told in every answer, refused beyond (IETF draft-ietf-httpapi-ratelimit-headers, RFC 9457).

All processes count together: each takes a part of a caller's quota at a time, and uses it up before it asks for the next.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from databus.errors import DatabusError, StoreUnavailable, TooManyRequests, Unauthenticated
from databus.model.disclosure import ANONYMOUS, Caller, Role
from databus.ports import Clock, Counts
from databus.web import problems
from databus.web.pages import Pages

WINDOW = 60
"""Seconds of a window."""
PARTS = 50
"""Into how many parts a quota is taken: what other processes hold of it when it ends is lost to the caller."""
CALLERS = 10_000
"""Callers remembered at once; of more, who has been quiet longest is forgotten."""
FREE = ("/health", "/metrics", "/static", "/bundles", "/favicon.ico")
"""Paths that are not counted: probes, the bundle of OPA, and what a page fetches by itself."""
_IPV6_NETWORK = 64


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands in its window: `left` requests, `seconds` until it begins anew."""

    policy: str
    quota: int
    left: int
    seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """The two structured fields of the draft."""
        policy = f'"{self.policy}";q={self.quota};w={WINDOW}'
        return {"RateLimit-Policy": policy, "RateLimit": f'"{self.policy}";r={max(0, self.left)};t={self.seconds}'}


@dataclass(slots=True)
class _Lease:
    """What this process may use of a caller's window without asking (`own`), and what nobody has taken yet (`left`)."""

    ends_at: datetime
    own: int
    left: int


@dataclass
class Limits:
    """Requests of each caller in its window. `quotas` are per role and window; 0 sets none."""

    quotas: Mapping[Role, int]
    counts: Counts
    clock: Clock
    _leases: OrderedDict[tuple[str, str], _Lease] = field(default_factory=OrderedDict)

    async def count(self, caller: Caller, address: str) -> Standing | None:
        """Count one request: of a caller by its name, of everybody else by the address it comes from; None without a quota."""
        quota = self.quotas.get(caller.role, 0)
        if not quota:
            return None
        key, now = (caller.role.value, network(address) if caller == ANONYMOUS else caller.name), self.clock()
        lease = self._leases.get(key)
        if lease is None or lease.ends_at <= now or (lease.own == 0 and lease.left > 0):
            lease = self._joined(key, await self._taken(key, quota, now))
        self._leases[key] = lease
        self._leases.move_to_end(key)
        if len(self._leases) > CALLERS:
            self._leases.popitem(last=False)
        seconds = max(1, round((lease.ends_at - now).total_seconds()))
        if lease.own == 0:
            return Standing(caller.role.value.lower(), quota, -1, seconds)
        lease.own -= 1
        return Standing(caller.role.value.lower(), quota, lease.own + lease.left, seconds)

    async def _taken(self, key: tuple[str, str], quota: int, now: datetime) -> _Lease:
        part, window = max(1, quota // PARTS), timedelta(seconds=WINDOW)
        try:
            (one,) = await self.counts.count(("request\x1f" + "\x1f".join(key),), by=part, now=now, window=window)
        except StoreUnavailable:
            # Better each process for itself than nobody.
            return _Lease(now + window, quota, 0)
        return _Lease(one.ends_at, min(part, max(0, quota - one.used + part)), max(0, quota - one.used))

    def _joined(self, key: tuple[str, str], taken: _Lease) -> _Lease:
        """With what another request of the same caller has taken meanwhile."""
        held = self._leases.get(key)
        if held is None or held.ends_at != taken.ends_at:
            return taken
        return _Lease(taken.ends_at, held.own + taken.own, min(held.left, taken.left))


def network(address: str) -> str:
    """What of an address tells callers apart: all of IPv4, of IPv6 the network one caller is given."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(known) if known.version == 4 else str(ipaddress.ip_network((known, _IPV6_NETWORK), strict=False))


def address_of(request: Request) -> str:
    """What of a request's address tells callers apart; empty where nobody knows it."""
    return network(request.client.host if request.client else "")


class Limited:
    """ASGI around an application: counts, tells, and refuses. A wrong token counts by address and is refused further in."""

    def __init__(self, app: ASGIApp, limits: Limits, callers: Callable[[Request], Awaitable[Caller]], pages: Pages) -> None:
        self.app, self.limits, self.callers, self.pages = app, limits, callers, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        standing = None if scope["type"] != "http" or scope["path"].startswith(FREE) else await self._standing(Request(scope))
        if standing is None:
            await self.app(scope, receive, send)
            return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(standing.headers)
            await send(message)

        if standing.left >= 0:
            await self.app(scope, receive, telling)
            return
        refusal = TooManyRequests(f"At most {standing.quota} requests in {WINDOW} seconds; go on in {standing.seconds} seconds.")
        headers = {"Retry-After": str(standing.seconds)}
        await problems.answer(Request(scope), problems.document(refusal), self.pages, headers=headers)(scope, receive, telling)

    async def _standing(self, request: Request) -> Standing | None:
        try:
            caller = await self.callers(request)
        except Unauthenticated:
            caller = ANONYMOUS
        except DatabusError:
            return None
        return await self.limits.count(caller, request.client.host if request.client else "")
