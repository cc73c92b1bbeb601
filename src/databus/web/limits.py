"""How often a caller may ask: told in every answer, refused beyond (IETF draft-ietf-httpapi-ratelimit-headers, RFC 9457)."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from databus.errors import DatabusError, TooManyRequests, Unauthenticated
from databus.model.disclosure import ANONYMOUS, Caller, Role
from databus.web import problems
from databus.web.pages import Pages

WINDOW = 60
"""Seconds of a window."""
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


@dataclass
class Limits:
    """Requests of each caller in its window. `quotas` are per role and window; 0 sets none. `now` is in seconds."""

    quotas: Mapping[Role, int]
    now: Callable[[], float] = time.monotonic
    _seen: OrderedDict[tuple[str, str], tuple[float, int]] = field(default_factory=OrderedDict)

    def count(self, caller: Caller, address: str) -> Standing | None:
        """Count one request: of a caller by its name, of everybody else by the address it comes from; None without a quota."""
        quota = self.quotas.get(caller.role, 0)
        if not quota:
            return None
        key = (caller.role.value, network(address) if caller == ANONYMOUS else caller.name)
        now = self.now()
        began, used = self._seen.pop(key, (now, 0))
        if now - began >= WINDOW:
            began, used = now, 0
        self._seen[key] = (began, used + 1)
        if len(self._seen) > CALLERS:
            self._seen.popitem(last=False)
        return Standing(caller.role.value.lower(), quota, quota - used - 1, max(1, round(began + WINDOW - now)))


def network(address: str) -> str:
    """What of an address tells callers apart: all of IPv4, of IPv6 the network one caller is given."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(known) if known.version == 4 else str(ipaddress.ip_network((known, _IPV6_NETWORK), strict=False))


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
        return self.limits.count(caller, request.client.host if request.client else "")
